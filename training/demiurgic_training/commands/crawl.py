"""`demiurgic data crawl`: the pages of one site as text files."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.config import Settings
from demiurgic.errors import UserError

if TYPE_CHECKING:
    from demiurgic_training.web.crawling import Plan, Standing

HELP = "fetch the pages of one site as text"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    parser.add_argument("url", metavar="URL", help="the page to begin with; nothing beyond its site is asked for")
    parser.add_argument("--depth", type=int, default=1, metavar="N", help="links to follow one after another (1)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where pages are kept, and gone on with (site-HOST)")
    parser.add_argument("--contact", metavar="WHO", help="mail or web address where the site's owner can reach you")
    parser.add_argument("--delay", type=float, default=1.0, metavar="S", help="seconds between two pages, at least (1)")
    parser.add_argument("--max-pages", type=int, default=1000, metavar="N", help="addresses to ask for at most (1000)")
    parser.add_argument("--max-size", type=float, default=4.0, metavar="MB", help="the largest page (4)")
    parser.add_argument("--timeout", type=float, default=30.0, metavar="S", help="the longest that one page may take")
    parser.add_argument("--allow-private", action="store_true", help="allow this machine and its own network")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Fetch what was not fetched yet, then say what it came to."""
    from demiurgic.cli.screen import console
    from demiurgic_training.web.crawling import crawl
    from demiurgic_training.web.fetching import Fetcher, Limits
    from demiurgic_training.web.showing import moving

    plan = _checked(options, settings)
    folder: Path = options.out or _folder(plan)
    limits = Limits(int(options.max_size * (1 << 20)), options.timeout)
    with Fetcher(_agent(options.contact), limits, local=options.allow_private) as fetcher, moving() as show:
        standing = crawl(plan, fetcher, folder, lambda standing: show(_line(standing)))
    console().print(f"{_told(standing)}\npages: {folder}", markup=False)
    return 0


def _checked(options: argparse.Namespace, settings: Settings) -> "Plan":
    from demiurgic_training.web.addresses import normal
    from demiurgic_training.web.crawling import Plan

    if settings.offline:
        raise UserError("nothing is fetched while `offline` is set", "DEMIURGIC_OFFLINE=0 demiurgic data crawl ...")
    start = normal(options.url)
    if start is None:
        raise UserError(f"{options.url} is no address of the web", "it begins with https:// and holds no password")
    if not options.contact and not options.allow_private:
        raise UserError("nobody would know whom to ask about this crawl", "add --contact you@example.org")
    if options.contact and not re.fullmatch(r"[\x21-\x7e]+", options.contact):
        raise UserError("--contact is one word of plain letters", "--contact you@example.org")
    for name, least in (("depth", 0), ("max_pages", 1), ("delay", 0), ("max_size", 0.001), ("timeout", 0.001)):
        if not least <= getattr(options, name) < float("inf"):
            flag = f"--{name.replace('_', '-')}"
            raise UserError(f"{flag} is {getattr(options, name)}; at least {least} is expected", f"{flag} {least or 1}")
    return Plan(start, options.depth, options.max_pages, options.delay)


def _agent(contact: str | None) -> str:
    from importlib.metadata import version

    from demiurgic_training.web.visiting import AGENT

    return f"{AGENT}/{version('demiurgic')}" + (f" (+{contact})" if contact else "")


def _folder(plan: "Plan") -> Path:
    from demiurgic_training.web.addresses import site_of

    return Path("site-" + re.sub(r"[^\w.-]+", "-", site_of(plan.start).partition("://")[2]).strip("-"))


def _line(standing: "Standing") -> str:
    from demiurgic_training.web.visits import Outcome

    visited, kept = standing.outcomes.total(), standing.outcomes[Outcome.KEPT]
    return f"{kept} kept of {visited}, {standing.waiting} waiting, {standing.delay:g} s between them  {standing.latest}"


def _told(standing: "Standing") -> str:
    from demiurgic_training.web.visits import MEANINGS

    counts = [f"{count:>6} {MEANINGS[outcome]}" for outcome, count in standing.outcomes.most_common()]
    left = [f"{standing.waiting:>6} not asked for yet; raise --max-pages to go on"] * bool(standing.waiting)
    return "\n".join((*counts, *left))
