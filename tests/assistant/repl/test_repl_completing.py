"""Names of files while one types."""

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from demiurgic.repl.completing import FileNames, ReplCompleter
from demiurgic.workspace.beneath import LocalWorkspace


@pytest.fixture
def completed(tmp_path):
    for name in ("main.py", "src/two words.py", 'src/a "quote".py'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    names = FileNames(LocalWorkspace(tmp_path))
    completer = ReplCompleter(lambda: names, {})

    def lines(text):
        found = completer.get_completions(Document(text), CompleteEvent())
        return [text[: len(text) + one.start_position] + one.text for one in found]

    return lines


def test_a_name_with_a_blank_comes_between_quotes(completed):
    assert completed("look at @tw") == ['look at @"src/two words.py"']
    assert completed('look at @"two w') == ['look at @"src/two words.py"']
    assert completed("look at @ma") == ["look at @main.py"]
    assert completed('look at @"src/two words.py" ') == []
    assert completed("me@ma") == []


def test_a_name_that_cannot_be_typed_is_not_offered(completed):
    assert completed("@quote") == []
