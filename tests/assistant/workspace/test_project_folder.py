"""The folder for what is remembered about a project: anybody may ask for it first, also two at once."""

import threading
from pathlib import Path

from demiurgic.workspace.state import project_folder


def test_several_may_ask_for_the_folder_at_the_same_moment(tmp_path: Path):
    failed: list[BaseException] = []

    def ask(number: int) -> None:
        try:
            together.wait()
            project_folder(tmp_path / "state", tmp_path / f"project {number}")
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)

    for number in range(100):
        together = threading.Barrier(4)
        threads = [threading.Thread(target=ask, args=(number,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []


def test_only_its_owner_can_look_into_it_and_a_note_says_whose_it_is(tmp_path: Path):
    folder = project_folder(tmp_path / "state", tmp_path / "project")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "folder").read_text() == ascii(str(tmp_path / "project")) + "\n"
