"""The folder of evaluated prefixes: conversations can be read from it, so it is its owner's alone."""

from pathlib import Path

from demiurgic.engine.llama.snapshots import SnapshotStore


def test_nobody_else_can_look_into_it(tmp_path: Path):
    SnapshotStore("model", memory=0, disk=1000, folder=tmp_path / "prefixes")
    assert (tmp_path / "prefixes" / "model").stat().st_mode & 0o777 == 0o700
