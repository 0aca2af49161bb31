"""How each architecture lies in a GGUF file. One module each; layout.py says what a layout is.

glm.py    Glm (glm-4-9b-chat, ChatGLM2, ChatGLM3, CharacterGLM)     glm4.py     Glm4 (GLM-4-0414, Z1)
glm4_moe.py  Glm4Moe (GLM-4.5 and later)    llama.py  Llama    qwen2.py  Qwen2    smollm3.py  SmolLM3
"""

from typing import Any

from demiurgic.errors import UserError
from demiurgic_training.exporting.layouts import glm, glm4, glm4_moe, llama, qwen2, smollm3
from demiurgic_training.exporting.layouts.layout import Layout

_LAYOUTS = {
    "glm": glm.LAYOUT,
    "glm4": glm4.LAYOUT,
    "glm4_moe": glm4_moe.LAYOUT,
    "llama": llama.LAYOUT,
    "qwen2": qwen2.LAYOUT,
    "smollm3": smollm3.LAYOUT,
}


def layout_of(config: Any) -> Layout:  # noqa: ANN401 - transformers has no types to speak of
    """The layout of a checkpoint with this config. Raises UserError for one that cannot be written truthfully."""
    layout = _LAYOUTS.get(config.model_type)
    if layout is None:
        raise UserError(
            f"a model of the type {config.model_type} cannot be exported", f"known are {', '.join(_LAYOUTS)}"
        )
    layout.check(config)
    return layout
