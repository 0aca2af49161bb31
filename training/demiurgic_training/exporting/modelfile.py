"""A Modelfile, with which Ollama takes the exported file as it is: `ollama create NAME -f Modelfile`.

Ollama writes conversations with templates of its own kind. One is made here of what the runtime's template renders,
where a turn is written the same whatever stands around it, and then proved on a conversation. Elsewhere there is none,
and Ollama goes by the template in the file. Tools are not part of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from demiurgic.messages import Assistant, Message, System, User
from demiurgic.templates.protocol import Template

_SYSTEM, _USER, _ASSISTANT = System("a1b2"), User("c3d4"), Assistant("e5f6")
_PROBES: tuple[tuple[Message, ...], ...] = ((_SYSTEM, _USER, _ASSISTANT, _USER), (_USER, _ASSISTANT, _USER), (_USER,))


@dataclass(frozen=True, slots=True)
class _Turns:
    """How conversations are written where every turn looks the same wherever it stands."""

    opening: str
    heads: dict[str, str]
    close: str
    ending: str

    def write(self, conversation: Sequence[Message]) -> str:
        """A conversation up to where the assistant's next words begin."""
        turns = [self.heads[message.role] + message.text + self.close for message in conversation]
        return self.opening + "".join(turns) + self.ending

    def go(self) -> str:
        """The same for any conversation, in the language of Ollama's templates."""
        turns = "{{ else ".join(
            f'if eq .Role "{role}" }}}}{head}{{{{ .Content }}}}{self.close}' for role, head in self.heads.items()
        )
        return f"{self.opening}{{{{ range .Messages }}}}{{{{ {turns}{{{{ end }}}}{{{{ end }}}}{self.ending}"


def modelfile(file: str, template: Template) -> str:
    """The text of the Modelfile."""
    lines = [f"FROM ./{file}"]
    if written := ollama_template(template):
        lines.append(f'TEMPLATE """{written}"""')
    lines += [f"PARAMETER stop {_quoted(stop)}" for stop in template.stops]
    return "\n".join(lines) + "\n"


def ollama_template(template: Template) -> str | None:
    """The template in Go's language; None where turns depend on each other."""
    turns = _turns(template)
    if any(turns.write(probe) != _rendered(template, probe) for probe in _PROBES):
        return None
    written = turns.go()
    return None if '"""' in written or written.count("{{") != written.count("}}") else written


def _turns(template: Template) -> _Turns:
    """What turns must look like, if they look the same everywhere."""
    text = _rendered(template, _PROBES[0])
    before, after_system, after_user, after_assistant = _between(text)
    alone = _rendered(template, (_USER,)).partition(_USER.text)
    close = _rendered(template, (_USER,), generate=False).partition(_USER.text)[2]
    user = after_assistant.removeprefix(close)
    opening = alone[0].removesuffix(user)
    heads = {
        "system": before.removeprefix(opening),
        "user": user if after_system == close + user else after_system,
        "assistant": after_user.removeprefix(close),
    }
    return _Turns(opening, heads, close, alone[2].removeprefix(close))


def _between(text: str) -> tuple[str, str, str, str]:
    before, _, rest = text.partition(_SYSTEM.text)
    after_system, _, rest = rest.partition(_USER.text)
    after_user, _, rest = rest.partition(_ASSISTANT.text)
    return before, after_system, after_user, rest.partition(_USER.text)[0]


def _rendered(template: Template, conversation: Sequence[Message], *, generate: bool = True) -> str:
    return "".join(segment.text for segment in template.render(conversation, generate=generate))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
