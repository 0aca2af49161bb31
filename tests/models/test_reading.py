"""Small files: what is read, and what is refused before a byte of it is."""

import os
import threading
from pathlib import Path

import pytest

from demiurgic_models.reading import read_small, read_toml


def test_a_byte_order_mark_is_no_text(tmp_path: Path):
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbfa = 1\r\n")
    assert read_small(tmp_path / "a.toml") == "a = 1\r\n"
    assert read_toml(tmp_path / "a.toml") == {"a": 1}


def test_a_pipe_is_read_where_the_user_may_have_meant_one(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is no file"):
        read_small(tmp_path / "pipe")
    threading.Thread(target=(tmp_path / "pipe").write_text, args=("a key\n",), daemon=True).start()
    assert read_small(tmp_path / "pipe", pipes=True) == "a key\n"


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/urandom", "/dev"])
def test_devices_and_folders_are_no_files(path: str):
    with pytest.raises(OSError, match="it is no file"):
        read_small(Path(path), pipes=True)


def test_the_null_device_holds_nothing(tmp_path: Path):
    (tmp_path / "masked.toml").symlink_to(os.devnull)
    assert read_toml(tmp_path / "masked.toml") == {}


def test_what_is_not_there_is_told_as_such(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        read_small(tmp_path / "absent")


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = " + "9" * 10_000, "a = = 1"])
def test_what_is_no_toml_is_a_wrong_value(tmp_path: Path, text: str):
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(ValueError, match=r"too deep|digits|Invalid value"):
        read_toml(tmp_path / "a.toml")
