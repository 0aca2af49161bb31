"""Programs with limits and a filter for system calls, and nothing else between them and the user's files.

For machines where nothing better works, and never chosen unasked. A program that means harm can read whatever its
user can, the environment of this process included, and can kill its supervisor and so outlive its run.
"""

from collections.abc import Mapping
from pathlib import Path

from demiurgic.sandbox.local import Order
from demiurgic.sandbox.protocol import Strength
from demiurgic.sandbox.supervised import SupervisedSandbox


class ProcessSandbox(SupervisedSandbox):
    """Satisfies `Sandbox`."""

    @property
    def name(self) -> str:
        return "process"

    @property
    def strength(self) -> Strength:
        return "process"

    @property
    def warning(self) -> str:
        return (
            "programs can read and write every file that you can, read the secrets of your other programs, "
            "and go on running in the background"
        )

    def _landlock(self, order: Order, temporary: Path) -> Mapping[str, object] | None:
        return None
