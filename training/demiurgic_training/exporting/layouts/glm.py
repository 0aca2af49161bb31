"""Glm: glm-4-9b-chat, and with it ChatGLM2, ChatGLM3 and CharacterGLM. GGUF calls it `chatglm`."""

import gguf

from demiurgic_training.exporting.layouts.layout import Layout

LAYOUT = Layout(gguf.MODEL_ARCH.CHATGLM)
