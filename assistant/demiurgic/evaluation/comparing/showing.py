"""Makes foreign text fit to be shown: what a model wrote may hold anything, and some of it lies to the eye."""

import unicodedata

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name  # pyright: ignore[reportUnknownVariableType]

_LONGEST = 20_000
_LIGHT, _DARK = "default", "github-dark"
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def visible(text: str, *, lines: bool = False) -> str:
    """The text with a name in place of every character that steers instead of being seen: terminal codes, changes
    of direction, halves of a character. Line ends and tabs stay where `lines` are wanted."""
    kept = "\n\t" if lines else ""
    return "".join(
        letter if letter in kept or unicodedata.category(letter) not in _HIDDEN else f"⟨U+{ord(letter):04X}⟩"
        for letter in text
    )


def code(source: str) -> Markup:
    """Python source as HTML, or as much of it as anybody reads. All that it holds is escaped."""
    text = visible(source[:_LONGEST].replace("\r\n", "\n"), lines=True)
    rest = len(source) - _LONGEST
    lexer = get_lexer_by_name("python", stripnl=False, ensurenl=False)
    shown = highlight(text, lexer, HtmlFormatter[str](nowrap=True))
    return Markup(shown) + (f"\n… and {rest} characters more" if rest > 0 else "")


def code_colours() -> str:
    """The style sheet that `code` needs, for light and for dark screens."""
    return f"{_style(_LIGHT)}\n@media (prefers-color-scheme: dark) {{\n{_style(_DARK)}\n}}\n"


def _style(name: str) -> str:
    formatter = HtmlFormatter[str](style=name)
    return str(formatter.get_style_defs("pre"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
