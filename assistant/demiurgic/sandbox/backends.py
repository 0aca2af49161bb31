"""The kinds of sandbox that need nothing but this machine, before they are opened."""

from collections.abc import Callable
from dataclasses import dataclass

from demiurgic.sandbox.bubblewrap import BubblewrapSandbox
from demiurgic.sandbox.landlock import LandlockSandbox
from demiurgic.sandbox.probing import probe
from demiurgic.sandbox.process import ProcessSandbox
from demiurgic.sandbox.protocol import Policy, Probe, Sandbox


@dataclass(frozen=True, slots=True)
class LocalBackend:
    """Satisfies `Backend`."""

    name: str
    opener: Callable[[Policy], Sandbox]

    def probe(self) -> Probe:
        """Try it."""
        return probe(self.opener)

    def open(self, policy: Policy) -> Sandbox:
        """Open it; raises SandboxError where it does not work."""
        return self.opener(policy)


BUBBLEWRAP = LocalBackend("bubblewrap", BubblewrapSandbox)
LANDLOCK = LocalBackend("landlock", LandlockSandbox)
PROCESS = LocalBackend("process", ProcessSandbox)
