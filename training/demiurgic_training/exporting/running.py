"""One export from beginning to end: see that there is room, merge, write, make smaller, compare, describe, and only
then put in place.

All files are made in a folder of their own beside their places. Until everything is certified nothing has its final
name, so a kill at any moment leaves whole files or none, and an earlier export of the same name stays as it was.
"""

import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from demiurgic.errors import UserError, WorkError
from demiurgic_models.files import put
from demiurgic_training.checkpoints import native_checkpoint
from demiurgic_training.exporting.answers import Reference
from demiurgic_training.exporting.checkpoint import Checkpoint
from demiurgic_training.exporting.describing import describe
from demiurgic_training.exporting.gguf_writer import write_gguf
from demiurgic_training.exporting.layouts import layout_of
from demiurgic_training.exporting.merging import check_mergeable, merged, room_of_merged
from demiurgic_training.exporting.parity import Certificate, Examined, examine, made_with
from demiurgic_training.exporting.places import Places
from demiurgic_training.exporting.quantising import quantise
from demiurgic_training.exporting.reference import make_reference
from demiurgic_training.exporting.registering import check_name, register_files
from demiurgic_training.exporting.room import check_room, room_for
from demiurgic_training.exporting.sources import Source, base_name, base_of, find_source
from demiurgic_training.exporting.wish import Exported, Quantisation, Wish

Hear = Callable[[str], None]


def export(wish: Wish, hear: Hear) -> Exported:
    """Make what is wished for, telling `hear` what is being done. Raises UserError for what cannot be exported, and
    WorkError where the work fails or its result does not say what the checkpoint says."""
    if not wish.quantisations:
        raise UserError("no form is named", "--quant Q4_K_M")
    check_name(wish.name, wish.quantisations)
    source = find_source(wish.source)
    if source.is_adapter:
        check_mergeable(source.learned)
    folder = wish.out / f".{wish.name}.making"
    work = _Work(wish, source, Places(folder, wish.name), hear)
    found = work.found()
    with _workshop(wish, folder):
        return work.done(work.whole(found))


@contextmanager
def _workshop(wish: Wish, folder: Path) -> Generator[None]:
    """A folder that is nobody else's, and gone afterwards. One that a kill has left behind is swept away."""
    try:
        wish.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{wish.out} cannot be made: {error.strerror}", "name another folder: --out DIR") from error
    try:
        with FileLock(wish.out / f".{wish.name}.lock", timeout=0):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            try:
                yield
            except OSError as error:
                raise WorkError(f"{wish.name} could not be written to {wish.out}: {error}") from error
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except Timeout as error:
        raise UserError(f"{wish.name} is being exported to {wish.out} already", "wait for it, or stop it") from error
    except PermissionError as error:
        raise UserError(f"{wish.out} cannot be written: {error.strerror}", "name another folder: --out DIR") from error


@dataclass(frozen=True, slots=True)
class _Work:
    """What is being made, and where until it is whole."""

    wish: Wish
    source: Source
    made: Places
    hear: Hear

    def found(self) -> Checkpoint:
        """What the export begins with, once it is known that it can be exported here: a checkpoint, or the base of an
        adapter. Nothing is written for that but a ChatGLM in its native form."""
        adapter = self.source.learned if self.source.is_adapter else None
        folder = base_of(adapter) if adapter else native_checkpoint(self.source.learned)
        checkpoint = Checkpoint(folder, base_name(self.source))
        layout_of(checkpoint.config)
        merged = room_of_merged(adapter, self._merged, checkpoint.parameters) if adapter else 0
        room = room_for(checkpoint.parameters, self.wish.quantisations, merged=merged)
        self.hear(f"{checkpoint.parameters:,} weights take {room}")
        check_room(room, self.wish.out)
        return checkpoint

    def whole(self, found: Checkpoint) -> Checkpoint:
        """The learned model as one checkpoint."""
        if not self.source.is_adapter:
            return found
        self.hear("merging the adapter into its base")
        return Checkpoint(merged(self.source.learned, self._merged), found.called)

    @property
    def _merged(self) -> Path:
        run = self.source.run
        return run.merged if run and self.source.ended else self.made.folder / "merged"

    def done(self, checkpoint: Checkpoint) -> Exported:
        """All of it, in its place."""
        layout = layout_of(checkpoint.config)
        self.hear("asking the checkpoint, in F32")
        reference = make_reference(checkpoint, layout, self.made.folder)
        exact = self.made.file(Quantisation.F32)
        self.hear("writing F32, the exact file")
        write_gguf(checkpoint, layout, self.wish.name, exact)
        smaller = [form for form in self.wish.quantisations if form is not Quantisation.F32]
        examined = [self._examined(Quantisation.F32, reference), *(self._smaller(form, reference) for form in smaller)]
        certificate = Certificate(self.wish.name, made_with(), tuple(examined))
        self._judge(certificate)
        return self._placed(checkpoint, certificate)

    def _smaller(self, form: Quantisation, reference: Reference) -> Examined:
        self.hear(f"writing {form}")
        quantise(self.made.file(Quantisation.F32), self.made.file(form), form)
        return self._examined(form, reference)

    def _examined(self, form: Quantisation, reference: Reference) -> Examined:
        self.hear(f"comparing {form} with the checkpoint")
        return examine(form, self.made.file(form), self.made.folder, reference)

    def _judge(self, certificate: Certificate) -> None:
        """Nothing that fails is put in place, but the certificate that says so."""
        if certificate.agrees or self.wish.force:
            return
        failed = Places(self.wish.out, self.wish.name).failed
        certificate.write(failed)
        raise WorkError(
            f"{self.wish.name} does not say what its checkpoint says: {'; '.join(certificate.failures)}",
            f"see {failed}; --force exports it all the same",
        )

    def _placed(self, checkpoint: Checkpoint, certificate: Certificate) -> Exported:
        places = Places(self.wish.out, self.wish.name)
        standing = describe(self.wish, self.source, checkpoint, certificate, self.made)
        files = {form: places.file(form) for form in self.wish.quantisations}
        for form, path in files.items():
            put(self.made.file(form), path)
        for paper in ("certificate", "card", "modelfile"):
            put(getattr(self.made, paper), getattr(places, paper))
        places.failed.unlink(missing_ok=True)
        names = register_files(files, self.wish, standing) if self.wish.register else ()
        return Exported(files, places.certificate, places.card, places.modelfile, names, certificate.agrees)
