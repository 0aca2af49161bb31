"""A search by ripgrep, where the sandbox has it: for folders so large that our own takes long.

It runs in the sandbox, so that nothing it opens lies outside; nobody's settings for it are read, and only the system's
own is taken: nobody is asked before it runs. Where it is missing, or does not understand the pattern, there is no
result, and our own search goes on.
"""

import base64
import json
from collections.abc import Iterator

from demiurgic.errors import SandboxError
from demiurgic.messages import Json, JsonObject
from demiurgic.sandbox.protocol import Command, Limits
from demiurgic.tools.choosing import Choice
from demiurgic.tools.found import KEPT_PER_FILE, PATIENCE, Found, Matches, shown_around
from demiurgic.tools.protocol import Surroundings
from demiurgic.tools.textfile import TextFile, decoded

_KEPT = 8 << 20
_LIMITS = Limits(wall=PATIENCE, cpu=8 * PATIENCE, output_kept=_KEPT, output_total=2 * _KEPT)
_ALWAYS = (
    *("/usr/bin/rg", "--json", "--no-config", "--no-follow", "--hidden", "--no-ignore-global", "--no-ignore-dot"),
    *("--no-require-git", "--glob=!.git"),
)


def ripgrep(choice: Choice, pattern: str, around: Surroundings, *, literal: bool) -> Found | None:
    """What it finds, or None where it cannot be had."""
    kind = ["--fixed-strings"] if literal else []
    argv = (*_ALWAYS, *kind, f"--regexp={pattern}", "--", choice.place.path or ".")
    try:
        result = around.sandbox.run(Command(argv, limits=_LIMITS), cancel=around.cancel)
    except SandboxError:
        return None  # our own search needs no sandbox
    if result.exit_code not in (0, 1) or result.stdout.dropped:
        return None
    return _found(result.stdout.head + result.stdout.tail, choice)


def _found(output: bytes, choice: Choice) -> Found:
    found = Found()
    lines: dict[str, list[tuple[int, str]]] = {}
    searched = 0
    for kind, data in _messages(output):
        if kind == "match":
            path = _bytes(data["path"]).decode("utf-8", "surrogateescape").removeprefix("./")
            lines.setdefault(path, []).append(_line(data))
        elif kind == "summary":
            searched = int(data["stats"]["searches"])
    for path in sorted(lines):
        if choice.means(path) and (path == choice.place.path or choice.may_read(path)):
            found.add(Matches(path, tuple(lines[path][:KEPT_PER_FILE]), len(lines[path])))
    found.searched = searched
    return found


def _messages(output: bytes) -> Iterator[tuple[str, JsonObject]]:
    for line in output.splitlines():
        message = json.loads(line)
        yield message["type"], message["data"]


def _line(data: JsonObject) -> tuple[int, str]:
    raw = _bytes(data["lines"])
    text = (decoded(raw) or TextFile(raw.decode("utf-8", "replace"))).text
    start = len(raw[: data["submatches"][0]["start"]].decode("utf-8", "replace"))
    return data["line_number"], shown_around(text.removesuffix("\n"), min(start, len(text)))


def _bytes(value: Json) -> bytes:
    """What is no UTF-8 is spelled in base64."""
    return value["text"].encode() if "text" in value else base64.b64decode(value["bytes"])
