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


def search_path(policy: Policy, interpreter: Sequence[Path] = (), *, kept_in: bool = True) -> str:
    """Where programs are looked for: the project's own come first, as people expect. Where nothing keeps programs in
    they come last, because there the user's word is all that stands before a command, and it was given for the program
    that they know by that name."""
    projects = [*program_folders(policy.workspace), *(path for path in policy.readable if path.name == "bin")]
    machines = [*_SYSTEM_PATH, *(path for path in interpreter if path.name == "bin")]
    folders = (*projects, *machines) if kept_in else (*machines, *projects)
    return ":".join(dict.fromkeys(map(str, folders)))


def environment(policy: Policy, folder: Path, temporary: str, home: str, path: str) -> dict[str, str]:
    """The variables of a program that starts in `folder`. The policy has the last word."""
    ours: Mapping[str, str] = {
        "PATH": path,
        "HOME": home,
        "LANG": "C.UTF-8",
        "TMPDIR": temporary,
        "PWD": str(folder),
    }
    return {**ours, **_GIT, **policy.environment}
