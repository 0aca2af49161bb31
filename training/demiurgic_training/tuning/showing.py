"""The mask certificate for people: a sample in which what is learned stands out, and what became of all rows."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from demiurgic_training.tuning.certificate import Certificate, Portion

_BAR = 30
_BEGIN, _END = "⟦", "⟧"
_REASONS = {
    "overlong": "are longer than data.max_length",
    "unsure": "the judge was less sure of than data.min_confidence",
    "spelled": "spell special tokens",
}


def shown(certificate: Certificate, *, coloured: bool) -> Iterator[RenderableType]:
    """All of it, to be looked at before the first step. Without colours, brackets show what is learned."""
    yield Rule("what is learned" if coloured else f"what is learned stands in {_BEGIN} {_END}", style="green")
    yield _sample(certificate, coloured=coloured)
    yield Rule()
    yield from _portion("train", certificate.train, certificate)
    if certificate.validation:
        yield from _portion("validation", certificate.validation, certificate)
    stops = " or ".join(stop.encode("unicode_escape").decode() for stop in certificate.stops)
    yield Text(f"written as {certificate.family}; each turn ends with {stops}", "dim")


def _sample(certificate: Certificate, *, coloured: bool) -> Text:
    text = Text()
    for piece in certificate.sample:
        marked = piece.learned and not coloured
        text.append(f"{_BEGIN}{piece.text}{_END}" if marked else piece.text, "bold green" if piece.learned else "dim")
    return text


def _portion(name: str, portion: Portion, certificate: Certificate) -> Iterator[RenderableType]:
    told = Text(f"{name}: {portion.rows} rows, {portion.tokens} tokens, of which ")
    told.append(f"{portion.learned} ({portion.share:.1%}) are learned", "green")
    told.append(f"; {portion.stopped} of {portion.turns} turns end with a learned stop token")
    yield told
    for reason, count in portion.dropped.items():
        yield Text(f"  {count} rows are left out: they {_REASONS[reason]}", "yellow")
    if portion.clipped:
        yield Text(f"  {portion.clipped} rows lose their end, which is not learned then", "yellow")
    yield _histogram(portion, certificate.max_length)


def _histogram(portion: Portion, most: int) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right", style="dim")
    table.add_column()
    table.add_column(justify="right")
    highest = max(portion.lengths.values(), default=1)
    for bound, count in portion.lengths.items():
        clipped = not bound.isdigit() or int(bound) > most
        bar = Text("█" * max(1, round(_BAR * count / highest)), "yellow" if clipped else "green")
        table.add_row(f"to {bound}" if bound.isdigit() else bound, bar, str(count))
    table.add_row("", Text(f"tokens; the longest row has {portion.longest}, data.max_length is {most}", "dim"), "")
    return table
