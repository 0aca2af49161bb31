"""Which kind of sandbox is used. Nothing weaker ever takes the place of what was asked for, and nothing unproven.

`auto` takes the strongest kind that holds when it is tried. A kind that only limits programs, and keeps them from
nothing, is taken only when it is named or allowed.
"""

from collections.abc import Iterator, Sequence

from demiurgic.config import SANDBOXES
from demiurgic.errors import SandboxError
from demiurgic.sandbox.backends import BUBBLEWRAP, LANDLOCK, PROCESS
from demiurgic.sandbox.protocol import Backend, Policy, Probe, Sandbox

AUTO, *KINDS = SANDBOXES


def open_sandbox(name: str, policy: Policy, allow_process: bool = False, docker: str = "") -> Sandbox:
    """Open the kind that is named, or for `auto` the strongest that works. `docker`: where its engine listens."""
    if name != AUTO:
        return open_first([backend(name, docker)], policy)
    allowed = [known for known in KINDS if allow_process or known != "process"]
    return open_first([backend(known, docker) for known in allowed], policy)


def open_first(backends: Sequence[Backend], policy: Policy) -> Sandbox:
    """Try them one after another, and open the first that works."""
    failed: list[tuple[Backend, Probe]] = []
    for candidate in backends:
        probe = candidate.probe()
        if probe.works:
            return candidate.open(policy)
        failed.append((candidate, probe))
    reasons = "; ".join(f"{candidate.name}: {probe.reason}" for candidate, probe in failed)
    hints = dict.fromkeys(probe.hint for _, probe in failed if probe.hint)
    raise SandboxError(f"programs cannot be run safely here ({reasons})", " or ".join(hints))


def probe_all(docker: str = "") -> Iterator[tuple[str, Probe]]:
    """What works on this machine, strongest first."""
    for name in KINDS:
        yield name, backend(name, docker).probe()


def backend(name: str, docker: str = "") -> Backend:
    """The kind of this name."""
    if name == "docker":
        return _docker(docker)
    for known in (BUBBLEWRAP, LANDLOCK, PROCESS):
        if known.name == name:
            return known
    raise SandboxError(f"there is no sandbox named {name}", f"choose one of: {', '.join(SANDBOXES)}")


def _docker(address: str) -> Backend:
    try:
        from demiurgic.sandbox.docker.backend import DockerBackend
    except ModuleNotFoundError as error:
        return _Missing("docker", str(error), "pip install 'demiurgic[docker]'")
    return DockerBackend(address)


class _Missing:
    """Satisfies `Backend` for a kind whose parts are not installed."""

    def __init__(self, name: str, reason: str, hint: str) -> None:
        self.name, self._reason, self._hint = name, reason, hint

    def probe(self) -> Probe:
        return Probe(False, reason=self._reason, hint=self._hint)

    def open(self, policy: Policy) -> Sandbox:
        raise SandboxError(self._reason, self._hint)
