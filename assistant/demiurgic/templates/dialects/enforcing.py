"""From tools to a grammar that llguidance is known to accept, or to an error that names the tool at fault."""

from collections.abc import Callable
from dataclasses import replace

from demiurgic.errors import BadSchema, UnsupportedRequest
from demiurgic.messages import Json
from demiurgic.templates.dialects.lark import validate
from demiurgic.templates.dialects.schemas import arguments_schema, narrowed
from demiurgic.templates.protocol import CallRules

HINT = "say the same with other keywords, or leave that part out of the schema"


def tool_schemas(rules: CallRules) -> dict[str, dict[str, Json]]:
    """What the model may write as each tool's arguments."""
    if not rules.tools and rules.choice == "required":
        raise UnsupportedRequest("a call is required, but there are no tools")
    return {tool.name: narrowed(arguments_schema(tool)) for tool in rules.tools}


def enforceable(rules: CallRules, build: Callable[[CallRules], str]) -> str:
    """The grammar that `build` makes. Raises BadSchema where llguidance could not keep it."""
    grammar, problem = _attempt(rules, build)
    if not problem:
        return grammar
    for tool in rules.tools:
        _, alone = _attempt(replace(rules, tools=(tool,)), build)
        if alone:
            known = f"`{tool.name}`" in alone
            raise BadSchema(
                alone if known else f"the schema of the tool `{tool.name}` cannot be enforced: {alone}", HINT
            )
    raise BadSchema(f"these tools cannot be enforced together: {problem}", "offer fewer tools at a time")


def _attempt(rules: CallRules, build: Callable[[CallRules], str]) -> tuple[str, str]:
    """A grammar, and what is wrong with it."""
    try:
        grammar = build(rules)
    except BadSchema as error:
        return "", error.args[0]
    return grammar, validate(grammar)


def require_plain(name: str, *foreign: str) -> None:
    """Raise BadSchema for the name of a tool or argument that a dialect without quotes cannot write."""
    if not name or name != name.strip() or any(text in name for text in foreign):
        raise BadSchema(f"the model has no way to write the name {name!r}", "use letters, digits and underscores")
