"""How model families write tool calls: each dialect constrains, reads and writes its own form."""

from demiurgic.templates.dialects.answers import answer_grammar
from demiurgic.templates.dialects.chatglm3 import ChatGlm3Calls
from demiurgic.templates.dialects.glm4 import Glm4Calls
from demiurgic.templates.dialects.hermes import Hermes
from demiurgic.templates.dialects.llama3 import Llama3Calls
from demiurgic.templates.dialects.tagged import TaggedCalls

__all__ = ["ChatGlm3Calls", "Glm4Calls", "Hermes", "Llama3Calls", "TaggedCalls", "answer_grammar"]
