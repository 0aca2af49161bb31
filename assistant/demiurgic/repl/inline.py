"""Markdown within a line: code, bold, italic, struck and links. What is not closed is shown as it was written."""

import re

from rich.text import Text

_MARKS = re.compile(
    r"(?<!`)(?P<ticks>`+)(?!`)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)"
    r"|\*\*(?=\S)(?P<bold>.+?)(?<=\S)\*\*"
    r"|(?<![\w*])\*(?=[^\s*])(?P<italic>[^*]+?)(?<=\S)\*(?![\w*])"
    r"|(?<!\w)_(?=[^\s_])(?P<slanted>[^_]+?)(?<=\S)_(?!\w)"
    r"|~~(?=\S)(?P<struck>.+?)(?<=\S)~~"
    r"|\[(?P<label>[^\]\[]+)\]\((?P<target>[^()\s]+)\)"
)
_STYLES = {"bold": "bold", "italic": "italic", "slanted": "italic", "struck": "strike"}
CODE = "cyan"


def inline(text: str, style: str = "") -> Text:
    """One line of Markdown as it is to be seen."""
    shown = Text(style=style)
    end = 0
    for found in _MARKS.finditer(text):
        shown.append(text[end : found.start()])
        shown.append_text(_marked(found))
        end = found.end()
    shown.append(text[end:])
    return shown


def _marked(found: re.Match[str]) -> Text:
    if found["code"] is not None:
        code = found["code"]
        return Text(code[1:-1] if code[:1] == code[-1:] == " " and code.strip() else code, CODE)
    if found["label"] is not None:
        same = found["label"] == found["target"]
        # The address is spelled out: a label may lie about where a link leads.
        return Text.assemble((found["label"], "underline"), "" if same else (f" ({found['target']})", "dim"))
    kind = found.lastgroup or ""
    return inline(found[kind], _STYLES[kind])
