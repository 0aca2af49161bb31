"""The papers of an export: certificate, card and Modelfile."""

from demiurgic_training.exporting.card import About, card
from demiurgic_training.exporting.checkpoint import Checkpoint
from demiurgic_training.exporting.licences import licence_of
from demiurgic_training.exporting.modelfile import modelfile
from demiurgic_training.exporting.parity import Certificate
from demiurgic_training.exporting.places import Places
from demiurgic_training.exporting.provenance import provenance_of
from demiurgic_training.exporting.registering import Standing, billions
from demiurgic_training.exporting.sources import Source, base_name, base_of
from demiurgic_training.exporting.wish import Wish


def describe(wish: Wish, source: Source, checkpoint: Checkpoint, certificate: Certificate, made: Places) -> Standing:
    """Write them beside the files that were made, and return what the registry is to say."""
    base = base_of(source.learned) if source.is_adapter else source.learned
    standing = Standing(checkpoint.template, checkpoint.parameters, licence_of(source.learned, base))
    about = About(
        name=wish.name,
        base=base_name(source),
        family=standing.template.family,
        parameters=billions(standing.parameters),
        licence=standing.licence,
        files={form: made.file(form) for form in wish.quantisations},
        provenance=provenance_of(source.run),
    )
    certificate.write(made.certificate)
    made.card.write_text(card(about, certificate), "utf-8")
    made.modelfile.write_text(modelfile(made.file(wish.quantisations[0]).name, standing.template), "utf-8")
    return standing
