"""Tokens and characters of a text under way, told as far as both have come."""

from dataclasses import dataclass

import pytest

from demiurgic.engine.protocol import Done, EndReason, Piece, Reading, TokenScore
from demiurgic.engine.scripted import Script, ScriptedEngine
from demiurgic_server.openai.continuation import Continuation, Written


@dataclass
class Prepared:
    """A generation that has happened already."""

    events: tuple
    cancelled: int = 0

    def __iter__(self):
        return iter(self.events)

    def cancel(self):
        self.cancelled += 1


def done(reason=EndReason.LENGTH):
    return Done(reason, 1, 0, 1)


def piece(text, data):
    """A token is a byte."""
    return Piece(text, tuple(data), tuple(TokenScore(byte, -0.5, ((byte, -0.5), (65, -1.0))) for byte in data))


def told(*events):
    return [e for e in Continuation(ScriptedEngine(Script()), Prepared(events)) if isinstance(e, Written)]


def test_tokens_wait_for_the_text_that_they_are_of():
    first, second = told(piece("", b"ab"), piece("abc", b"c"), done())
    assert (first.text, first.tokens) == ("", ())
    assert [(token.text, token.offset) for token in second.tokens] == [("a", 0), ("b", 1), ("c", 2)]


def test_tokens_of_a_stop_text_were_not_written():
    written = told(piece("", b"a"), piece("a", b"\n\n"), done(EndReason.STOP_TEXT))
    assert [token.text for one in written for token in one.tokens] == ["a"]


def test_what_is_left_is_told_at_the_end():
    written = told(piece("", "ä".encode()[:1]), piece("\ufffd", b""), done())
    assert [token.text for one in written for token in one.tokens] == ["bytes:\\xc3"]
    assert [one.tokens != () for one in told(piece("", b"a"), done())] == [False, True]


def test_parts_of_a_letter_begin_where_the_letter_does():
    written = told(piece("aäb", "aäb".encode()), done())
    assert [(token.text, token.offset) for token in written[0].tokens] == [
        ("a", 0),
        ("bytes:\\xc3", 1),
        ("bytes:\\xa4", 1),
        ("b", 2),
    ]


def test_impossible_odds_are_numbers_all_the_same():
    never = Piece("a", (97,), (TokenScore(97, float("-inf"), ((98, float("-inf")),)),))
    token = told(never, done())[0].tokens[0]
    assert (token.logprob, token.rivals) == (-9999.0, (("b", -9999.0),))


@pytest.mark.parametrize("echo", ["Once", tuple(b"Once")])
def test_an_echo_comes_first(echo):
    events = list(Continuation(ScriptedEngine(Script()), Prepared((Reading(1, 1, 0), done())), echo))
    assert events == [Written("Once"), Reading(1, 1, 0), done()]
