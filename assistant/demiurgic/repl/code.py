"""Code in colours, line by line as it comes: a line that was shown never changes its colours afterwards.

Each line is coloured in view of the lines before it, as far back as a window reaches. What opened earlier than that,
such as a very long string, is not remembered.
"""

from collections import deque

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name  # pyright: ignore[reportUnknownVariableType]
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Token
from pygments.util import ClassNotFound
from rich.text import Text

_WINDOW = 60
_LONGEST = 1000
_STYLES = {
    Comment: "bright_black italic",
    Keyword: "magenta",
    Keyword.Constant: "cyan",
    Operator.Word: "magenta",
    String: "green",
    String.Interpol: "cyan",
    Number: "cyan",
    Name.Function: "blue",
    Name.Class: "blue bold",
    Name.Decorator: "yellow",
    Name.Builtin: "cyan",
    Name.Tag: "blue",
    Name.Attribute: "yellow",
}


class CodeLines:
    """Colours one piece of code."""

    def __init__(self, language: str = "") -> None:
        self._lexer = _lexer(language)
        self._before: deque[str] = deque(maxlen=_WINDOW)

    def line(self, text: str) -> Text:
        """The next line."""
        shown = self.preview(text)
        self._before.append(text)
        return shown

    def preview(self, text: str) -> Text:
        """The next line as it would look now, while it is still being written."""
        if self._lexer is None or len(text) > _LONGEST:
            return Text(text)
        above = "".join(f"{line}\n" for line in self._before)
        shown, at, start = Text(), 0, len(above)
        for kind, piece in self._lexer.get_tokens(f"{above}{text}\n"):
            begin, at = at, at + len(piece)
            if at > start:
                shown.append(piece[max(0, start - begin) :].rstrip("\n"), _style(kind))
        # Where the lexer lost a character, the text matters more than its colours.
        return shown if shown.plain == text else Text(text)


def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False) if language else None
    except ClassNotFound:
        return None


def _style(kind: object) -> str:
    while kind is not Token and kind is not None:
        if kind in _STYLES:
            return _STYLES[kind]  # pyright: ignore[reportArgumentType]
        kind = getattr(kind, "parent", None)
    return ""
