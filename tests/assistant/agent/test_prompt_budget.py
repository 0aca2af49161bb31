"""What is read before the first word is said. A laptop reads it in seconds only while it is short."""

from pathlib import Path

import pytest
from support.engines import opened

from demiurgic.agent.prompt import profile
from demiurgic.chat.local import LocalChat
from demiurgic.messages import System
from demiurgic.templates.chatml import ChatML
from demiurgic.templates.glm4 import Glm4
from demiurgic.templates.glm45 import Glm45
from demiurgic.templates.protocol import Vocabulary
from demiurgic.tools.sets import SMALL, tool_set

BILLION = 1_000_000_000


@pytest.mark.parametrize("family", [ChatML, Glm4, Glm45])
@pytest.mark.parametrize(
    ("parameters", "most"),
    [(BILLION // 2, 1000), (3 * BILLION, 1000), (SMALL, 1000), (9 * BILLION, 2000), (None, 2000)],
)
def test_prompt_and_tools_stay_short(qwen: Path, family: type, parameters: int | None, most: int):
    with opened(qwen, kv_type="f16") as engine:
        chat = LocalChat(engine, family(Vocabulary(engine.facts.markers)), "qwen")
        specs = [tool.spec for tool in tool_set(parameters)]
        assert chat.count_tokens([System(profile(parameters).system)], specs) <= most
