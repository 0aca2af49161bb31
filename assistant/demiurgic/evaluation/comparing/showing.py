"""What a model wrote as code on a page: coloured, and nothing in it that acts or lies to the eye."""

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name  # pyright: ignore[reportUnknownVariableType]

from demiurgic.workspace.shown import visible

_LONGEST = 20_000
_LIGHT, _DARK = "default", "github-dark"


def code(source: str) -> Markup:
    """Python source as HTML, or as much of it as anybody reads. All that it holds is escaped."""
    text = visible(source[:_LONGEST])
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
