"""Any event, message and view, made by hypothesis from the types themselves."""

from typing import Any

from hypothesis import strategies as st

from demiurgic.agent.events import AgentEvent
from demiurgic.messages import Message
from demiurgic.tools.protocol import View

TEXTS = st.text(max_size=20) | st.sampled_from(["", "\n\r\u2028\x00", "文字", "\udcff", '"\\', "</tool_call>"])
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)  # JSON has no others
ARGUMENTS = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers() | NUMBERS | TEXTS,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)
st.register_type_strategy(str, TEXTS)
st.register_type_strategy(float, NUMBERS)


def values(kind: Any) -> st.SearchStrategy[Any]:
    return st.from_type(kind)


def register_arguments() -> None:
    from demiurgic.messages import ToolCall

    st.register_type_strategy(ToolCall, st.builds(ToolCall, id=TEXTS, name=TEXTS, arguments=ARGUMENTS))


register_arguments()
EVENTS = values(AgentEvent)
MESSAGES = values(Message)
VIEWS = values(View)
