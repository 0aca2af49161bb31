"""Whether a command line may be run, judged by each of the programs that it runs.

A comfort and not a boundary: what keeps a program in is the sandbox. So this errs towards asking.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from demiurgic.agent.permissions.names import is_protected, is_secret, lies_in
from demiurgic.agent.permissions.rules import Rule
from demiurgic.agent.permissions.shell import split
from demiurgic.agent.permissions.words import NotUnderstood, Part, Word, word_set
from demiurgic.agent.permissions.wrappers import unwrapped

_READERS = word_set(
    "cat head tail less more grep egrep fgrep rg ls stat file wc diff cmp md5sum sha1sum sha256sum cut tr nl od hexdump"
    " strings test [ echo printf true false basename dirname realpath readlink pwd which type du jq find"
)
_NAMERS = word_set("ls stat test [ echo printf basename dirname realpath readlink find")
"""Programs that tell no more of a file than its name and size."""
_DESTROYERS = word_set(
    "rm rmdir unlink mv cp ln install tee truncate shred dd chmod chown chgrp chattr setfacl rsync touch patch"
)
_BARE = re.compile(r"(python[0-9.]*|node|deno|bun|perl|ruby|php|lua|irb|ipython|gdb|psql|sqlite3|make|npm|npx|git|uv)")
_SHELL_STATE = word_set("export declare typeset readonly local unset set shopt hash cd pushd popd read for")


@dataclass(frozen=True, slots=True)
class Line:
    """A command line, taken apart as far as it was understood."""

    parts: tuple[Part, ...]
    simple: bool
    """Whether it is one program with its arguments and nothing else."""
    problem: str = ""


def read_line(line: str) -> Line:
    """Take a command line apart."""
    try:
        outer = split(line)
        parts = tuple(unwrapped(outer))
    except NotUnderstood as error:
        return Line((), simple=False, problem=str(error))
    except RecursionError:
        return Line((), simple=False, problem="commands within commands, too deep to follow")
    simple = len(outer) == 1 and parts == outer and _is_simple(outer[0])
    return Line(parts, simple)


def touches(line: Line, guarded: tuple[str, ...]) -> str:
    """Why the line must be asked for in every mode, as far as its words show; empty if nothing speaks against it."""
    for part in line.parts:
        name = part.argv[0].text if part.argv else ""
        for word in part.writes:
            if not word.known:
                return "where its output goes is only known to the shell"
            if word.text != "/dev/null" and (path := _named(word, guarded, secret=False)):
                return f"it writes to {path}"
        for word in (*part.argv[1:], *part.reads, *part.assigned):
            if name not in _NAMERS and (path := _named(word, guarded, secret=True)):
                return f"it may read {path}"
            if name not in _READERS and (path := _named(word, guarded, secret=False)):
                return f"it names {path}, which is protected"
        if name in _DESTROYERS and (problem := _sweeps(part)):
            return problem
    return ""


def allowed(line: Line, rules: tuple[Rule, ...]) -> bool:
    """Whether rules cover every program of the line, and nothing in it goes beyond them."""
    if line.problem or not line.parts:
        return False
    return all(_allowed(part, rules) for part in line.parts)


def covered(line: Line, rules: tuple[Rule, ...]) -> Rule | None:
    """The first rule that names one of the programs, or a file among its arguments."""
    for rule in rules:
        for part in line.parts:
            words = (*part.argv, *part.reads, *part.writes)
            if rule.covers(part, loosely=True) or (rule.path and any(rule.means(word.text) for word in words)):
                return rule
    return None


def offered(line: Line) -> tuple[str, ...]:
    """What "always" may stand for: the exact arguments of a simple command. Empty where that would be too much."""
    if not line.simple:
        return ()
    argv = tuple(word.text for word in line.parts[0].argv)
    name = argv[0].rsplit("/", 1)[-1]
    too_wide = (len(argv) == 1 and _BARE.fullmatch(name)) or name in _DESTROYERS or name in _SHELL_STATE
    return () if too_wide or not all(text.isprintable() for text in argv) else argv


def _is_simple(part: Part) -> bool:
    return (
        bool(part.argv) and all(word.exact for word in part.argv) and not (part.writes or part.reads or part.assigned)
    )


def _allowed(part: Part, rules: tuple[Rule, ...]) -> bool:
    if part.assigned or not part.argv or any(word.text != "/dev/null" for word in part.writes):
        return False
    return part.argv[0].text not in _SHELL_STATE and any(rule.covers(part) for rule in rules)


def _named(word: Word, guarded: tuple[str, ...], *, secret: bool) -> str:
    """The protected or secret path that a word names, in itself or in one of its pieces."""
    for piece in _pieces(word.text):
        if is_secret(piece) if secret else (is_protected(piece) or lies_in(piece, guarded)):
            return piece
    return ""


def _pieces(text: str) -> Iterator[str]:
    """A word, and what it may hold as a path: the value of an option, a variable or a list."""
    if text == "*":
        return  # something that only the shell knows, or all files: the sandbox and `_sweeps` are for that
    yield text
    yield from (piece for piece in re.split(r"[=,:@]", text) if piece and piece != text)
    if re.match(r"-[A-Za-z].", text):
        yield text[2:]


def _sweeps(part: Part) -> str:
    """Whether a program that changes or deletes files is let loose on more than is named."""
    for word in part.argv[1:]:
        if not word.known:
            return "what it changes is only known to the shell"
        if word.text.rstrip("/").rsplit("/", 1)[-1] in ("", ".", "..", "*", "~", ".*"):
            return "it changes everything that lies there"
    return ""
