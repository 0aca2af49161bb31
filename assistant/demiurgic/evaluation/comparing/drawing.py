"""What pages of comparisons have in common: how a template becomes HTML, how it looks, and the table of how runs stand.

A page includes `standings.html` and gives it `comparison`, `names` of its runs, and `sentences`.
"""

from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from demiurgic.evaluation.comparing.pairing import Comparison
from demiurgic.evaluation.comparing.showing import code, code_colours
from demiurgic.evaluation.comparing.wording import chance, in_points, in_words, kind, percent, percents, reach
from demiurgic.workspace.shown import visible_name


def environment() -> Environment:
    """Escapes whatever it is not told to trust, and knows how numbers are written."""
    made = Environment(
        loader=PackageLoader("demiurgic.evaluation", "comparing"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "visible": visible_name,
        "code": code,
        "kind": kind,
        "percent": percent,
        "percents": percents,
        "points": in_points,
        "reach": reach,
        "chance": chance,
    }
    return made


def style() -> Markup:
    """The style sheet."""
    return Markup(part("page.css") + code_colours())


def sentences(comparison: Comparison) -> list[list[str]]:
    """What each difference comes to."""
    return [in_words(difference, comparison) for difference in comparison.differences]


def part(name: str) -> str:
    """The text of a file beside this one."""
    return files("demiurgic.evaluation.comparing").joinpath(name).read_text("utf-8")
