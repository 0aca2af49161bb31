"""What keeps programs in: each kind is really tried."""

from collections.abc import Iterator

from demiurgic.cli.doctor.finding import Finding
from demiurgic.config import Settings
from demiurgic.sandbox.choose import probe_all
from demiurgic.sandbox.protocol import Guard


def look(settings: Settings) -> Iterator[Finding]:
    """Each kind, then whether one of them is enough. `process` only limits, and is not."""
    kinds = list(probe_all(settings.docker))
    strong = [name for name, probe in kinds if probe.works and name != "process"]
    says = f"programs are kept in by {strong[0]}" if strong else "nothing here keeps programs in"
    yield Finding("sandbox", bool(strong), says, advice="mend one of these:", needed=True)
    for name, probe in kinds:
        says = f"works, {len(probe.enforced)} of {len(Guard)} guards" if probe.works else probe.reason
        mend, advice = _mended(probe.hint)
        yield Finding(name, probe.works, says, mend, advice, of="sandbox")


def _mended(hint: str) -> tuple[str, str]:
    """A hint that is a command, and one that is none."""
    program = hint.split(" ", 1)[0]
    return (hint, "") if program in ("apt-get", "pip", "demiurgic") else ("", hint)
