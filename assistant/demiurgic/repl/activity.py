"""What the model or a tool is doing at the moment, in one line that moves."""

from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from demiurgic.repl.ink import Hanging

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PER_SECOND = 10


@dataclass(slots=True)
class Reading:
    """How fast the prompt is being read. What was known already took no time and tells nothing."""

    started: float
    first: int
    done: int
    total: int

    def seconds_left(self, now: float) -> float | None:
        """None until there is something to reckon with."""
        read, took = self.done - self.first, now - self.started
        return (self.total - self.done) * took / read if read > 0 and took > 0.5 else None

    def words(self, now: float) -> str:
        """For the activity line."""
        left = self.seconds_left(now)
        rest = f", {duration(left)} left" if left is not None and left >= 1 else ""
        return f"reading {self.done:,} of {self.total:,} tokens{rest}"


def activity(doing: str | Text, seconds: float, hint: str = "Ctrl-C stops") -> RenderableType:
    """Something that goes on, for so long by now."""
    frame = _FRAMES[int(seconds * _PER_SECOND) % len(_FRAMES)]
    took = f"  {duration(seconds)}" if seconds >= 1 else ""
    return Hanging(Text(f"{frame} ", "cyan"), Text.assemble(doing), cropped=True, end=Text(f"{took}  {hint}", "dim"))


def duration(seconds: float) -> str:
    """As people say it."""
    whole = int(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02} s"
