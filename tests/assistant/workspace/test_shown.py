"""Nothing that acts or hides reaches a person's eye."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demiurgic.workspace.shown import visible, visible_name

HIDDEN = [
    *("\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b]52;c;aGk=\x07", "a\rb", "\x9b2J", "\x08\x7f", "\x00"),
    *(
        "\u202egnp.exe",
        "\u2066x\u2069",
        "a\u200bb",
        "a\u200db",
        "\ufeffx",
        "a\u00adb",
        "\U000e0041",
        "\U000e0100",
        "\u2028",
        "\u3164",
    ),
    "\udce9",
]


@pytest.mark.parametrize("text", HIDDEN)
def test_what_a_terminal_obeys_or_nobody_sees_is_spelled_out(text):
    shown = visible(text)
    assert "\\" in shown
    assert shown.isprintable()
    assert shown.encode()


@pytest.mark.parametrize(
    "text",
    [
        "na\u00efve",
        "\u4f60\u597d",
        "a\tb\n",
        "\U0001f469\u200d\U0001f4bb",
        "\u2764\ufe0f",
        "\u0645\u06cc\u200c\u062e",
        "\\x1b",
    ],
)
def test_honest_text_is_left_alone(text):
    assert visible(text) == text


def test_every_control_and_format_character_is_dealt_with():
    signs = {0x06DD, 0x070F, 0x08E2, 0x110BD, 0x110CD, *range(0x0600, 0x0606), 0x0890, 0x0891}  # these can be seen
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        hidden = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and not 0x13430 <= code < 0x13460
        if hidden and char not in "\t\n" and code not in signs:
            assert visible(f"a{char}") != f"a{char}", hex(code)


@given(st.text() | st.binary().map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_a_name_stays_on_its_line_and_can_be_encoded(text):
    assert not set(visible_name(text)) & set("\n\r\t\x1b")
    visible_name(text).encode()


def test_bytes_that_are_no_text_are_shown_as_bytes():
    assert visible_name(b"caf\xe9\n".decode("utf-8", "surrogateescape")) == "caf\\xe9\\n"
    assert visible("one\r\ntwo") == "one\ntwo"
