"""Fetching model files from real servers and real wheels, with everything that goes wrong on the way."""

import signal
import socket
from pathlib import Path

import pytest
from support.file_servers import Shelf, serving
from support.pulls import CONTENT, NOWHERE, entry, pulling_process

from demiurgic_models.errors import DiskFull, Offline, PullFailed
from demiurgic_models.fetching import PullOptions
from demiurgic_models.pull import pull
from demiurgic_models.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


@pytest.fixture
def shelf() -> Shelf:
    return Shelf("m.gguf", CONTENT)


def test_the_mirror_is_asked_first_and_what_is_here_is_not_fetched_again(store: Store, shelf: Shelf):
    with serving(shelf) as url:
        path = pull(entry(), store, PullOptions(mirror=url, hub_endpoint=NOWHERE))
        pull(entry(), store, PullOptions(mirror=url, hub_endpoint=NOWHERE))
    assert path.read_bytes() == CONTENT
    assert len(shelf.asked) == 1
    assert store.has(entry())


def test_a_dropped_connection_is_taken_up_where_it_broke(store: Store, shelf: Shelf):
    shelf.break_after = 1_200_000
    with serving(shelf) as url:
        pull(entry(), store, PullOptions(mirror=url, hub_endpoint=NOWHERE))
    assert store.path(entry()).read_bytes() == CONTENT
    assert len(shelf.asked) == 2
    fetched_twice = shelf.sent - len(CONTENT)
    assert 0 <= fetched_twice < 2**16, "at most the block that was under way"


def test_what_one_source_began_another_one_ends(store: Store, shelf: Shelf):
    begun = Shelf("m.gguf", CONTENT, break_after=1_200_000, dies=True)
    with serving(begun) as mirror, serving(shelf) as hub:
        pull(entry(), store, PullOptions(mirror=mirror, hub_endpoint=hub))
    assert store.path(entry()).read_bytes() == CONTENT
    assert 0 < shelf.sent < len(CONTENT)


def test_what_has_the_wrong_checksum_is_deleted_and_told(store: Store):
    with serving(Shelf("m.gguf", CONTENT[:-1] + b"!")) as url, pytest.raises(PullFailed, match="sha256"):
        pull(entry(), store, PullOptions(mirror=url, hub_endpoint=NOWHERE))
    assert not store.path(entry()).exists()
    assert not store.part(entry()).exists()


def test_the_next_source_is_tried_when_one_fails(store: Store, shelf: Shelf):
    with serving(shelf) as url:
        bad = Shelf("m.gguf", b"wrong" * 100)
        with serving(bad) as mirror:
            path = pull(entry(), store, PullOptions(mirror=mirror, hub_endpoint=url))
    assert path.read_bytes() == CONTENT
    assert bad.asked


def test_offline_opens_no_socket(store: Store):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.3)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(Offline, match="offline"):
            pull(entry(), store, PullOptions(offline=True, mirror=url, hub_endpoint=url))
        with pytest.raises(TimeoutError):
            listener.accept()


def test_too_little_space_is_told_before_anything_is_fetched(store: Store, shelf: Shelf):
    with serving(shelf) as url, pytest.raises(DiskFull, match="GB"):
        pull(entry(bytes=10**18), store, PullOptions(mirror=url))
    assert shelf.asked == []


def test_a_file_size_limit_in_the_middle_is_named_and_what_came_is_kept(store: Store, shelf: Shelf):
    with serving(shelf) as url:
        options = PullOptions(mirror=url, hub_endpoint=NOWHERE)
        body = """
            import resource, signal
            from demiurgic_models.errors import DiskFull
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
            try:
                pull(ENTRY, STORE, OPTIONS)
            except DiskFull as error:
                print(error)
        """
        with pulling_process(store, entry(), options, body) as child:
            assert "full" in child.communicate()[0]
        assert store.part(entry()).stat().st_size == 1_500_000
        pull(entry(), store, options)
    assert store.path(entry()).read_bytes() == CONTENT


@pytest.mark.parametrize("way_to_end", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_however_a_pull_ends_the_next_one_goes_on_where_it_stopped(store: Store, shelf: Shelf, way_to_end: int):
    with serving(shelf) as url:
        options = PullOptions(mirror=url, hub_endpoint=NOWHERE)
        body = "try:\n    pull(ENTRY, STORE, OPTIONS, slowly)\nexcept KeyboardInterrupt:\n    pass"
        with pulling_process(store, entry(), options, body) as child:
            assert child.stdout is not None
            child.stdout.readline()
            child.stdout.readline()
            child.send_signal(way_to_end)
        kept = store.part(entry()).stat().st_size
        assert 0 < kept < len(CONTENT)
        assert not store.path(entry()).exists()
        pull(entry(), store, options)
    assert shelf.asked[-1][2] == f"bytes={kept}-"
    assert store.path(entry()).read_bytes() == CONTENT


def test_processes_that_want_the_same_model_fetch_it_once_and_say_that_they_wait(store: Store, shelf: Shelf):
    with serving(shelf) as url:
        options = PullOptions(mirror=url, hub_endpoint=NOWHERE)
        body = "pull(ENTRY, STORE, OPTIONS, lambda p: (print(p.source), time.sleep(0.05)))"
        children = [pulling_process(store, entry(), options, body) for _ in range(3)]
        said = [child.communicate()[0] for child in children]
        assert [child.returncode for child in children] == [0, 0, 0]
    assert len(shelf.asked) == 1
    assert store.path(entry()).read_bytes() == CONTENT
    assert sum("waiting for another process" in text for text in said) == 2
    assert sum("mirror" in text for text in said) == 1


def test_a_mirror_that_cannot_go_on_is_read_from_the_start(store: Store, shelf: Shelf):
    shelf.ranges, shelf.break_after = False, 1_000_000
    with serving(shelf) as url:
        options = PullOptions(mirror=url, hub_endpoint=NOWHERE)
        pull(entry(), store, options)
    assert next(ranged for _, _, ranged in shelf.asked) is None
    assert len(shelf.asked) == 2
    assert store.path(entry()).read_bytes() == CONTENT


def test_a_file_of_another_size_is_refused_before_it_is_fetched(store: Store):
    other = Shelf("m.gguf", CONTENT * 2)
    with serving(other) as url, pytest.raises(PullFailed, match="6000000 bytes instead of 3000000"):
        pull(entry(), store, PullOptions(mirror=url, hub_endpoint=NOWHERE))
    assert not store.part(entry()).exists()


def test_the_right_file_put_there_by_hand_is_taken_without_the_network(store: Store):
    store.folder.mkdir()
    store.path(entry()).write_bytes(CONTENT)
    seen = []
    assert pull(entry(), store, PullOptions(offline=True), seen.append).read_bytes() == CONTENT
    assert store.has(entry())
    assert seen[-1].verifying


def test_the_wrong_file_put_there_by_hand_stays_until_the_right_one_has_come(store: Store, shelf: Shelf):
    store.folder.mkdir()
    mine = b"mine" * (len(CONTENT) // 4)
    store.path(entry()).write_bytes(mine)
    with pytest.raises(PullFailed):
        pull(entry(), store, PullOptions(mirror=NOWHERE, hub_endpoint=NOWHERE))
    assert store.path(entry()).read_bytes() == mine
    with serving(shelf) as url:
        assert pull(entry(), store, PullOptions(mirror=url)).read_bytes() == CONTENT


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PullFailed, match="file") as raised:
        pull(entry(), Store(tmp_path / "file" / "models"), PullOptions())
    assert "set models_dir" in raised.value.hint
