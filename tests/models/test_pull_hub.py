"""Fetching through the hub's own client, from a server that speaks as the hub does."""

import json
import signal
from pathlib import Path

import pytest
from huggingface_hub import hf_hub_download
from support.file_servers import Shelf, serving
from support.pulls import CONTENT, DIGEST, entry, pulling_process

from demiurgic_models.entries import Entry, HubSource
from demiurgic_models.errors import ChecksumMismatch, PullFailed
from demiurgic_models.fetching import PullOptions
from demiurgic_models.pull import pull
from demiurgic_models.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


@pytest.fixture
def shelf() -> Shelf:
    return Shelf("m.gguf", CONTENT)


@pytest.fixture
def wanted(tmp_path: Path) -> Entry:
    """A model from a repository of this test's own: the cache is shared."""
    return entry(HubSource(f"a/{tmp_path.name}"), bytes=None, sha256=None)


def fetches(shelf: Shelf) -> list[str | None]:
    return [ranged for method, path, ranged in shelf.asked if method == "GET" and "/resolve/" in path]


def test_the_hub_itself_says_what_the_checksum_is(store: Store, shelf: Shelf, wanted: Entry):
    seen = []
    with serving(shelf) as url:
        path = pull(wanted, store, PullOptions(hub_endpoint=url), seen.append)
    assert path.read_bytes() == CONTENT
    assert any("/resolve/main/m.gguf" in asked for _, asked, _ in shelf.asked)
    assert json.loads((store.folder / "m.gguf.whole").read_text())["sha256"] == DIGEST
    assert max(progress.done for progress in seen if progress.source == "hub") == len(CONTENT)


def test_what_another_program_left_in_the_cache_is_taken_and_takes_no_room(store: Store, shelf: Shelf, wanted: Entry):
    with serving(shelf) as url:
        repository = wanted.sources[0].repository
        cached = Path(hf_hub_download(repository, "m.gguf", endpoint=url)).resolve()
        path = pull(wanted, store, PullOptions(hub_endpoint=url))
    assert len(fetches(shelf)) == 1
    assert path.stat().st_ino == cached.stat().st_ino
    removed = store.remove(wanted)
    assert removed.shared
    assert removed.freed < 1000
    assert cached.read_bytes() == CONTENT


def test_a_wrong_file_in_the_cache_is_left_alone_and_the_right_one_fetched(store: Store, shelf: Shelf, wanted: Entry):
    wrong = CONTENT[:-1] + b"!"
    with serving(Shelf("m.gguf", wrong, etag=DIGEST)) as url:
        cached = Path(hf_hub_download(wanted.sources[0].repository, "m.gguf", endpoint=url)).resolve()
    with serving(shelf) as url:
        assert pull(wanted, store, PullOptions(hub_endpoint=url)).read_bytes() == CONTENT
    assert cached.read_bytes() == wrong


def test_what_is_not_what_the_hub_vouched_for_is_deleted(store: Store, wanted: Entry):
    wrong = Shelf("m.gguf", CONTENT[:-1] + b"!", etag=DIGEST)
    with serving(wrong) as url, pytest.raises(ChecksumMismatch, match="sha256"):
        pull(wanted, store, PullOptions(hub_endpoint=url))
    assert [file.name for file in store.folder.iterdir()] == ["m.gguf.lock"]


def test_an_unknown_repository_is_told_and_the_next_one_asked(store: Store, tmp_path: Path):
    with serving(Shelf("else.gguf", b"")) as url, pytest.raises(PullFailed, match="404"):
        pull(entry(HubSource(f"a/{tmp_path.name}-none")), store, PullOptions(hub_endpoint=url))


def test_a_file_of_another_size_is_refused_before_it_is_fetched(store: Store, shelf: Shelf, wanted: Entry):
    with serving(shelf) as url, pytest.raises(PullFailed, match="3000000 bytes instead of 5"):
        pull(entry(*wanted.sources, bytes=5), store, PullOptions(hub_endpoint=url))
    assert fetches(shelf) == []


def test_the_token_goes_to_the_hub(store: Store, shelf: Shelf, wanted: Entry):
    with serving(shelf) as url:
        pull(wanted, store, PullOptions(hub_endpoint=url, token="hf_mine"))
    assert set(shelf.keys) == {"Bearer hf_mine"}


def test_the_token_does_not_go_to_a_mirror(store: Store, shelf: Shelf):
    with serving(shelf) as url:
        pull(entry(), store, PullOptions(mirror=url, token="hf_mine"))
    assert set(shelf.keys) == {None}


def test_kill_9_leaves_bytes_that_the_next_pull_does_not_fetch_again(store: Store, shelf: Shelf, wanted: Entry):
    with serving(shelf) as url:
        options = PullOptions(hub_endpoint=url)
        with pulling_process(store, wanted, options, "pull(ENTRY, STORE, OPTIONS, slowly)") as child:
            assert child.stdout is not None
            child.stdout.readline()
            child.stdout.readline()
            child.send_signal(signal.SIGKILL)
        kept = store.part(wanted).stat().st_size
        assert kept > 0
        assert not store.path(wanted).exists()
        assert pull(wanted, store, options).read_bytes() == CONTENT
    assert fetches(shelf)[-1] == f"bytes={kept}-"


def test_two_repositories_with_different_files_of_one_name_are_not_mixed(store: Store, shelf: Shelf, tmp_path: Path):
    other = Shelf("m.gguf", CONTENT[::-1], break_after=1_200_000, dies=True)
    wanted = entry(HubSource(f"a/{tmp_path.name}"), bytes=None, sha256=None)
    with serving(other) as url, pytest.raises(PullFailed, match="503"):
        pull(wanted, store, PullOptions(hub_endpoint=url))
    assert store.part(wanted).stat().st_size > 0
    with serving(shelf) as url:
        assert pull(wanted, store, PullOptions(hub_endpoint=url)).read_bytes() == CONTENT
    assert fetches(shelf) == [None]
    assert sorted(file.name for file in store.folder.iterdir()) == ["m.gguf", "m.gguf.lock", "m.gguf.whole"]
