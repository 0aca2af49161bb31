"""All that a program in a sandbox finds in its environment. Nothing of this process's own is passed on."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from demiurgic.sandbox.protocol import Policy
from demiurgic.sandbox.toolchain import program_folders

_SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")

_GIT = {
    # Files of the workspace belong to somebody else as far as git can see.
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
}


def environment(policy: Policy, folder: Path, temporary: str, home: str, interpreter: Sequence[Path]) -> dict[str, str]:
    """The variables of a program that starts in `folder`. The policy has the last word."""
    programs: list[Path | str] = [*program_folders(policy.workspace)]
    programs += [path for path in policy.readable if path.name == "bin"]
    programs += _SYSTEM_PATH
    programs += [path for path in interpreter if path.name == "bin"]
    ours: Mapping[str, str] = {
        "PATH": ":".join(dict.fromkeys(map(str, programs))),
        "HOME": home,
        "LANG": "C.UTF-8",
        "TMPDIR": temporary,
        "PWD": str(folder),
    }
    return {**ours, **_GIT, **policy.environment}
