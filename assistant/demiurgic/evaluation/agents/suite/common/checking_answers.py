"""What the agent said in the end, for tests that ask for one value."""

import pathlib
import re

_DECORATION = "`*_\"'<>. "


def answer():
    """The value behind the last `ANSWER:`, without quotes and the like; empty where there is none."""
    said = pathlib.Path("answer.txt").read_text("utf-8")
    found = re.findall(r"answer[`*_ ]*:(.*)", said, re.IGNORECASE)
    return " ".join(found[-1].strip(_DECORATION).split()) if found else ""


def name():
    """The same where a function is asked for: it may be written with or without its brackets."""
    return answer().removesuffix("()").strip(_DECORATION)
