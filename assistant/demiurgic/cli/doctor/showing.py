"""Findings as lines that fit the terminal, whatever its width, and as JSON."""

import json
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from demiurgic.cli.doctor.finding import Finding

_VERSION = 1
_NAME = 12
_WORDS = re.compile(r"""(?:'[^']*'|"[^"]*"|\S)+""")
_LETTERS = {"✓": "+", "✗": "x", "·": "-", "→": ">"}
"""Where the terminal's encoding has no others."""


def lines(finding: Finding) -> Iterator[str]:
    """The finding, then what mends it."""
    width = _width()
    name = f"  {finding.what}" if finding.of else finding.what
    mark = "✓" if finding.fine else "✗" if finding.needed else "·"
    yield from _wrapped(f"{mark} {name:<{_NAME}} ", finding.says, width)
    if not finding.fine and finding.mend:
        yield from _command(finding.mend, width)
    if not finding.fine and finding.advice:
        yield from _wrapped("  → ", finding.advice, width)


def summary(found: Sequence[Finding], seconds: float) -> str:
    """The last line."""
    broken = [finding.what for finding in found if finding.needed and not finding.fine]
    text = f"to be mended: {', '.join(broken)}" if broken else "all that is needed works"
    return "\n".join(_wrapped("", f"{text} (looked for {seconds:.1f} s)", _width()))


def as_json(found: Sequence[Finding], seconds: float) -> str:
    """For programs. They should pass over fields that they do not know."""
    ok = all(finding.fine or not finding.needed for finding in found)
    findings = [asdict(finding if not finding.fine else replace(finding, mend="", advice="")) for finding in found]
    return json.dumps({"v": _VERSION, "ok": ok, "seconds": round(seconds, 2), "findings": findings}, indent=2)


def _width() -> int:
    return max(30, shutil.get_terminal_size((100, 24)).columns)


def _wrapped(head: str, text: str, width: int) -> list[str]:
    indent = " " * len(head)
    wrapped = textwrap.wrap(text, width, initial_indent=head, subsequent_indent=indent, break_on_hyphens=False)
    return [_spelled(line) for line in wrapped or [head.rstrip()]]


def _command(command: str, width: int) -> Iterator[str]:
    """In several lines, where one is too narrow, that can still be pasted."""
    line = "  →"
    for word in _WORDS.findall(command):
        if len(line) + len(word) + 3 > width and line.strip() != "→":
            yield _spelled(f"{line} \\")
            line = "     "
        line += f" {word}"
    yield _spelled(line)


def _spelled(line: str) -> str:
    try:
        line.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        plain = "".join(_LETTERS.get(letter, letter) for letter in line)
        return plain.encode(sys.stdout.encoding, "replace").decode(sys.stdout.encoding)
    return line
