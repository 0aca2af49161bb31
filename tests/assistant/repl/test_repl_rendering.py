"""What is drawn, without a terminal: finished lines are final, nothing acts, nothing is left out."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demiurgic.agent.events import (
    Answer,
    ApprovalAsked,
    StepStarted,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnEnd,
    TurnEnded,
    TurnStarted,
)
from demiurgic.events import CallDelta, CallStarted, Finish, PromptProgress, ReasoningDelta, ReplyEnded, TextDelta
from demiurgic.messages import Assistant, ToolCall, Usage
from demiurgic.modes import Mode
from demiurgic.repl.diffs import diff_blocks, diff_of
from demiurgic.repl.ink import Ink
from demiurgic.repl.items import Facts, Notice
from demiurgic.repl.markdown import Markdown, PlainProse
from demiurgic.repl.questions import choices, question, understood
from demiurgic.repl.scribe import Scribe
from demiurgic.repl.status import status_parts
from demiurgic.tools.protocol import CommandView, DiffView, Effect, EffectKind, TextView, TodoView

PLAIN = Ink(escapes=False, colours=False)
COLOURS = Ink(escapes=True, colours=True)
SAMPLE = """# Head

Some *words* and `co*de*` with **bold** text, ~~gone~~ and [a link](http://x.y/z).
- one
  - two
- [x] done
3. third

```python
x = '''
- no item
'''  # | no | table |
```
| a | b |
|--:|---|
| 1 | `2` |
after
> quote
---
the end"""


def painted(blocks, width=60, ink=PLAIN):
    return ink.paint(blocks, width)


def call(name="edit", number="1"):
    return ToolCall(number, name, {})


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@given(st.lists(st.integers(0, len(SAMPLE)), max_size=20))
@settings(deadline=None, max_examples=50)
def test_pieces_of_any_size_come_to_the_same_and_finished_lines_stay(cuts):
    at = [0, *sorted(cuts), len(SAMPLE)]
    prose, shown = Markdown(), ""
    for start, end in pairwise(at):
        shown += painted(prose.feed(SAMPLE[start:end]), ink=COLOURS)
        painted(prose.live())
    shown += painted(prose.close(), ink=COLOURS)
    whole = Markdown()
    assert shown == painted([*whole.feed(SAMPLE), *whole.close()], ink=COLOURS)


def test_markdown_reads_as_it_is_meant():
    prose = Markdown()
    assert painted([*prose.feed(SAMPLE), *prose.close()]) == (
        "Head\n\nSome words and co*de* with bold text, gone and a link\n(http://x.y/z).\n• one\n  • two\n• ☑ done\n"
        "3. third\n\n    x = '''\n    - no item\n    '''  # | no | table |\n\na  b\n1  2\nafter\n│ quote\n"
        + "─" * 60
        + "\nthe end\n"
    )


@given(st.text(alphabet=st.sampled_from("a\x1b[31m]0;\x07\x9b\u202e\r\n\t`*|# -"), max_size=60))
@settings(deadline=None, max_examples=100)
def test_nothing_that_a_model_or_a_file_says_reaches_the_terminal_as_a_command(text):
    asked = ApprovalAsked(call(text), (Effect(EffectKind.WRITE, text),), DiffView(text, text, text + "x"), text, text)
    scribe = Scribe()
    blocks = [*question(asked), *choices(asked)]
    for view in (
        DiffView(text, None, text),
        CommandView(text, text),
        TextView(text, text),
        TodoView(((text, "done"),)),
    ):
        for event in (
            TurnStarted(text),
            ReasoningDelta(text),
            TextDelta(text),
            CallStarted(0, "1", text),
            ToolStarted(call(text), view),
            ToolOutput("1", "stdout", text),
        ):
            blocks += [*scribe.take(event), *scribe.live()]
        blocks += scribe.take(ToolFinished("1", text, text, failed=False))
        blocks += scribe.take(ToolFinished("2", text, text, failed=True))
        blocks += scribe.take(TurnEnded(TurnEnd.ERROR, Assistant(), Usage(), 1, problem=text))
    for prose in (Markdown(), PlainProse()):
        blocks += [*prose.feed(text), *prose.live(), *prose.close()]
    shown = painted(blocks)
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r"} & set(shown)


def test_a_diff_shows_what_cannot_be_seen():
    view = DiffView("a", "one\ntwo\r\nthree\n", "one\ntwo\nthree  \nfo\x1b[8mur")
    shown = painted(diff_blocks(diff_of(view)))
    assert "- two\\r\n" in shown
    assert "+ three··\n" in shown
    assert "+ fo\\x1b[8mur\n" in shown
    assert "the last line has no line end" in shown


@given(
    st.lists(st.sampled_from(["a", "b", "", "c "]), max_size=12), st.lists(st.sampled_from(["a", "b", ""]), max_size=12)
)
@settings(deadline=None)
def test_a_diff_tells_every_line_that_changes(before, after):
    view = DiffView("f", "".join(f"{x}\n" for x in before), "".join(f"{x}\n" for x in after))
    diff = diff_of(view)
    lines = [each for run in diff.runs for each in run]
    kept = [each for each in lines if each.sign != "-"]
    assert all(after[each.number - 1] == each.text for each in kept)
    assert all(before[each.number - 1] == each.text for each in lines if each.sign == "-")
    assert diff.count("+") - diff.count("-") == len(after) - len(before)
    assert bool(lines) == (before != after)


@pytest.mark.parametrize(
    ("line", "rule", "answer"),
    [
        ("y", "", Answer("once")),
        (" YES ", "", Answer("once")),
        ("s", "", Answer("session")),
        ("a", "", None),
        ("a", "shell: ls", Answer("always")),
        ("n", "", Answer("deny")),
        ("no, use pathlib", "", Answer("deny", "use pathlib")),
        ("yes but not now", "", None),
        ("", "shell: ls", None),
        ("yet", "", None),
    ],
)
def test_only_a_plain_word_is_an_answer(line, rule, answer):
    assert understood(line, ApprovalAsked(call(), (), TextView("x"), "", rule)) == answer


def test_the_status_line_gives_up_what_matters_least_first():
    facts = Facts("a-model", 5000, 32768, 14.2, "bubblewrap", True, Mode.ASK)
    lines = ["".join(text for text, _ in status_parts(facts, width)) for width in (60, 40, 24, 9)]
    assert lines == [
        "a-model · 15% of 33k · 14 tok/s · bubblewrap · ask",
        "a-model · 15% of 33k · bubblewrap · ask",
        "a-model · ask",
        "a-model",
    ]


def test_reading_says_how_long_it_will_take():
    clock = Clock()
    scribe = Scribe(clock=clock)
    scribe.take(TurnStarted("x"))
    scribe.take(StepStarted(1))
    scribe.take(PromptProgress(1000, 5000, 1000))
    clock.now = 10.0
    scribe.take(PromptProgress(3000, 5000, 1000))
    assert "reading 3,000 of 5,000 tokens, 10 s left  10 s" in painted(scribe.live())


def test_a_running_tool_shows_the_end_of_its_output_and_is_folded_after():
    clock = Clock()
    scribe = Scribe(clock=clock)
    scribe.take(TurnStarted("x"))
    scribe.take(ToolStarted(call("shell"), CommandView("seq 100")))
    scribe.take(ToolOutput("1", "stdout", "".join(f"{n}\n" for n in range(100))))
    clock.now = 2.0
    live = painted(scribe.live())
    assert "│ 99" in live
    assert "│ 94" not in live
    assert "shell seq 100  2 s" in live
    done = painted(scribe.take(ToolFinished("1", "shell", "a\nb", failed=False, seconds=99)))
    assert done.lstrip("\n") == "✓ shell seq 100  2.0 s\n  │ a\n  │ b\n"
    assert "shell" not in painted(scribe.live())


def test_a_progress_bar_of_a_running_tool_is_one_line():
    scribe = Scribe(clock=Clock())
    scribe.take(TurnStarted("x"))
    scribe.take(ToolStarted(call("shell"), CommandView("fetch")))
    for n in range(101):
        scribe.take(ToolOutput("1", "stdout", f"\r{n:3}%"))
    live = painted(scribe.live())
    assert "│ 100%\n" in live
    assert "99%" not in live


def test_a_call_that_is_being_written_says_how_far_it_is():
    scribe = Scribe(clock=Clock())
    scribe.take(TurnStarted("x"))
    scribe.take(CallStarted(0, "1", "write"))
    scribe.take(CallDelta(0, "x" * 1500))
    assert "writing a call of write, 1,500 characters" in painted(scribe.live())


def test_a_conversation_that_is_shown_again_reads_the_same():
    told = [TextDelta("He"), TextDelta("llo *you*"), ReplyEnded(Assistant("Hello *you*"), Finish.STOP, Usage())]
    live, again = Scribe(), Scribe()
    first = painted(block for event in told for block in live.take(event))
    assert painted(block for event in told[-1:] for block in again.take(event)) == first == "Hello you\n"


def test_no_line_is_wider_than_the_terminal():
    scribe = Scribe()
    view = DiffView("some/long/path/" * 8, "x" * 200, "y" * 200)
    asked = ApprovalAsked(call(), (), view, "reason " * 20, "rule " * 20)
    blocks = [*scribe.take(Notice("word " * 50)), *scribe.take(asked), *choices(asked), *scribe.take(TextDelta(SAMPLE))]
    blocks += [*scribe.take(ToolStarted(call(), view)), *scribe.take(ToolFinished("9", "edit", "t", failed=False))]
    for width in (60, 120):
        assert max(len(line) for line in painted(blocks, width).split("\n")) <= width


def test_a_change_that_does_not_fit_is_told_under_its_own_name():
    scribe = Scribe()
    scribe.take(ToolStarted(ToolCall("1", "rewrite", {}), TextView("read a.txt")))
    shown = painted(scribe.take(ToolFinished("1", "rewrite", "Error: a.txt has no functions", failed=True)))
    assert "✗ rewrite a.txt" in shown
