"""Conversations that every family must be able to write."""

from demiurgic.messages import Assistant, System, Tool, ToolCall, ToolResult, User

TOOLS = (
    Tool(
        "read",
        "Read a file",
        {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    ),
    Tool("搜索", "Search for é", {"type": "object", "properties": {}}),
)
PLAIN = (System("Be brief."), User("What is 2+2?"), Assistant("4"), User("And 3+3?\nThink."))
WITH_TOOLS = (
    System("Help."),
    User("Look at a.py and b.py"),
    Assistant(
        "Looking.",
        reasoning="I should read both.",
        calls=(ToolCall("1", "read", {"path": "a.py"}), ToolCall("2", "read", {"path": "b.py"})),
    ),
    ToolResult("1", "read", "print('你好')\n"),
    ToolResult("2", "read", "x = 1"),
    Assistant("Both are fine."),
    User("Thanks"),
)
CONVERSATIONS = {"plain": (PLAIN, ()), "tools": (WITH_TOOLS, TOOLS)}
