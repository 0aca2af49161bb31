"""Which sandbox is taken, and what is said where none can be."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support.sandboxes import LOCAL, Ground

from demiurgic.errors import SandboxError
from demiurgic.sandbox.backends import BUBBLEWRAP, LANDLOCK, PROCESS, LocalBackend
from demiurgic.sandbox.choose import backend, open_first, open_sandbox
from demiurgic.sandbox.process import ProcessSandbox
from demiurgic.sandbox.protocol import Command, Guard, Policy, Sandbox


def failing(reason: str, hint: str) -> Callable[[Policy], Sandbox]:
    def fail(policy: Policy) -> Sandbox:
        raise SandboxError(reason, hint)

    return fail


class Boastful(ProcessSandbox):
    """Claims to keep what it does not."""

    def _enforced(self) -> frozenset[Guard]:
        return frozenset(Guard)


def test_each_kind_is_found_to_work_by_trying_it(local_ground: Ground) -> None:
    probe = backend(local_ground.kind).probe()
    assert probe.works, probe.reason
    assert probe.enforced == local_ground.shell("true").enforced
    assert (Guard.FILES in probe.enforced) == (local_ground.kind != "process")


def test_a_sandbox_that_promises_too_much_is_found_out() -> None:
    probe = LocalBackend("boastful", Boastful).probe()
    assert not probe.works
    assert "files" in probe.reason


def test_the_strongest_that_works_is_taken(tmp_path: Path) -> None:
    broken = LocalBackend("broken", failing("it is broken", "mend it"))
    sandbox = open_first([broken, BUBBLEWRAP, LANDLOCK], Policy(tmp_path))
    assert sandbox.name == "bubblewrap"
    sandbox.close()


def test_nothing_weaker_takes_the_place_of_what_was_named(tmp_path: Path) -> None:
    broken = LocalBackend("broken", failing("it is broken", "mend it"))
    with pytest.raises(SandboxError, match="it is broken") as caught:
        open_first([broken], Policy(tmp_path))
    assert caught.value.hint == "mend it"


def test_auto_takes_something_that_keeps_files(tmp_path: Path) -> None:
    sandbox = open_sandbox("auto", Policy(tmp_path))
    assert sandbox.strength in ("container", "namespace")
    sandbox.close()


def test_process_is_taken_when_it_is_named(tmp_path: Path) -> None:
    sandbox = open_sandbox("process", Policy(tmp_path))
    assert sandbox.name == "process"
    assert "read and write every file" in sandbox.warning
    sandbox.close()


def test_a_name_that_nothing_answers_to(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="no sandbox named") as caught:
        open_sandbox("firejail", Policy(tmp_path))
    assert "bubblewrap" in caught.value.hint


def test_a_workspace_that_is_not_there(local_ground: Ground, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="not a folder"):
        LOCAL[local_ground.kind](Policy(tmp_path / "nowhere"))


def test_a_workspace_behind_a_link_is_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    sandbox = BUBBLEWRAP.open(Policy(tmp_path / "link"))
    assert sandbox.policy.workspace == tmp_path / "real"
    assert sandbox.run(Command(("pwd",))).stdout.text() == f"{tmp_path}/real\n"
    sandbox.close()


def test_a_probe_leaves_nothing() -> None:
    before = set(Path(tempfile.gettempdir()).glob("demiurgic-probe-*"))
    assert PROCESS.probe().works
    left = set(Path(tempfile.gettempdir()).glob(f"demiurgic-*-{os.getpid()}-*"))
    assert left | set(Path(tempfile.gettempdir()).glob("demiurgic-probe-*")) <= before
