"""Each filter drops what it is for, says why, and lets its harmless neighbours be."""

import pytest

from demiurgic.errors import UserError
from demiurgic.fences import fenced, python_of
from demiurgic.messages import Assistant, ToolCall, ToolResult, User
from demiurgic_training.filters import USUAL, without
from demiurgic_training.rows import Row, asked

WELL = "It rains because water that rose as vapour comes down again."
CODE = "```python\ndef add(a, b):\n    return a + b\n```"


def judged(row: Row) -> str:
    """The name of the first filter that objects."""
    return next((each.name for each in USUAL if each.judge(row)), "")


def said(answer: str, question: str = "Why does it rain?", **meta: object) -> Row:
    return asked(question, answer, meta=meta)


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (said(""), "empty"),
        (said(" \n"), "empty"),
        (Row((User("hello there"),)), "empty"),
        (Row((Assistant(WELL),)), "empty"),
        (said("Yes."), "short"),
        (said(WELL, finish="length"), "truncated"),
        (said("I'm sorry, but I can't help with that, because it is raining."), "refusal"),
        (said("As an AI language model, I do not have weather."), "refusal"),
        (said("I\u2019m unable to assist with this request about the rain."), "refusal"),
        (said("抱歉，我无法回答这个问题，因为它涉及天气方面的敏感内容。"), "refusal"),
        (said("作为一个人工智能，我没有办法看到外面的天气是什么样子的。"), "refusal"),
        (said("Look at this:\n```python\nprint('rain')\n"), "open_fence"),
        (said("~~~\nrain\n```\nmore rain, and more of it"), "open_fence"),
        (said("Here:\n```python\ndef rain(:\n    pass\n```\n"), "syntax"),
        (said("Here:\n```py\n" + "(" * 500 + ")" * 500 + "\n```\n"), "syntax"),
        (said("Here:\n```python\ndef rain():\n    # TODO: rain\n    pass\n```\n"), "placeholder"),
        (said("Here:\n```python\ndef rain():\n    # your code here\n    pass\n```\n"), "placeholder"),
        (said("Here:\n```python\ndef rain():\n    raise NotImplementedError\n```\n"), "placeholder"),
        (said("Here:\n```js\n// ... rest of the file\n```\n"), "placeholder"),
        (said("You use a plus sign for that, of course.", "Write a function that adds two numbers."), "no_code"),
        (said("用加号就可以把两个数加起来，这样就可以得到它们的和。", "编写一个把两个数相加的函数"), "no_code"),
        (said("You use a plus sign for that, of course.", tests="assert add(1, 1) == 2"), "no_code"),
        (
            said(
                "You asked: why does it rain so often in the north and so seldom in the south of it? Because.",
                "Why does it rain so often in the north and so seldom in the south of it?",
            ),
            "repeats",
        ),
    ],
)
def test_what_is_not_worth_learning_is_dropped(row: Row, name: str):
    assert judged(row) == name


@pytest.mark.parametrize(
    "row",
    [
        said(WELL),
        said(WELL, finish="stop"),
        said(f"Like this:\n{CODE}\nThat adds.", "Write a function that adds two numbers."),
        said("def add(a, b):\n    return a + b", "Write a function that adds two numbers."),
        said(f"I am sorry to hear of the rain. {WELL}"),
        said(f"{WELL * 8} A chatbot would say: I'm sorry, but I can't help with that."),
        said("```python\n>>> 1 +\nTraceback\n```\nThat is how a session looks."),
        said("````md\n```python\nnot closed in here\n````\nThat is how a fence looks."),
        said("```js\nlet todo_list = []; // todos of today\n```\nThat is a list of todos."),
        said("```python\nprint('\\d')\n```\nAn escape that is none only warns."),
        Row(
            (
                User("weather?"),
                Assistant("", calls=(ToolCall("1", "f", {}),)),
                ToolResult("1", "f", "x"),
                Assistant(WELL),
            )
        ),
        Row((User("weather?"), Assistant("I look.", calls=(ToolCall("1", "f", {}),)))),
    ],
)
def test_what_is_harmless_is_kept(row: Row):
    assert judged(row) == ""


def test_reasons_are_about_the_row():
    reasons = [each.judge(said("Here:\n```python\ndef f(:\n```\nTODO")) for each in USUAL]
    assert [reason for reason in reasons if reason] == ["its Python does not parse: invalid syntax, line 1"]


def test_filters_are_left_out_by_their_names():
    assert [each.name for each in without(["short", "refusal"])] == [
        each.name for each in USUAL if each.name not in ("short", "refusal")
    ]
    with pytest.raises(UserError, match="there is no filter 'shrt'"):
        without(["shrt"])


def test_code_is_found_between_its_fences():
    text = "a\n```python\nx = 1\n```\nb\n~~~~\ny\n~~~\nz\n~~~~\n```\nopen"
    taken = fenced(text)
    assert [(block.language, block.code, block.closed) for block in taken.blocks] == [
        ("python", "x = 1", True),
        ("", "y\n~~~\nz", True),
        ("", "open", False),
    ]
    assert taken.prose == "a\nb"
    assert python_of(text) == "x = 1"
    assert python_of("no fence") == "no fence"
    assert python_of("```js\nx\n```") == ""
