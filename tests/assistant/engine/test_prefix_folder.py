"""The folder of evaluated prefixes: conversations can be read from it, so it is its owner's alone."""

import os
from pathlib import Path

from demiurgic.engine.llama.snapshots import SnapshotStore


def test_what_a_killed_process_left_half_written_is_cleared_away(tmp_path: Path):
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("old.kv.1.part", "new.kv.2.part"):
        (folder / name).write_bytes(b"half")
    os.utime(folder / "old.kv.1.part", (0, 0))
    SnapshotStore("model", memory=0, disk=1000, folder=tmp_path)
    assert [left.name for left in folder.iterdir()] == ["new.kv.2.part"], "the new one may be written now"


def test_what_another_process_drops_meanwhile_is_not_missed(tmp_path: Path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "gone.kv").symlink_to(tmp_path / "dropped")  # listed, and not there when it is looked at
    assert SnapshotStore("model", memory=0, disk=1000, folder=tmp_path).disk_bytes == 0


def test_nobody_else_can_look_into_it(tmp_path: Path):
    SnapshotStore("model", memory=0, disk=1000, folder=tmp_path / "prefixes")
    assert (tmp_path / "prefixes" / "model").stat().st_mode & 0o777 == 0o700
