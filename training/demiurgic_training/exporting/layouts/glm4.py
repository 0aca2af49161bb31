"""Glm4: GLM-4-9B-0414, GLM-4-32B-0414 and their Z1, with norms behind attention and feed-forward too."""

import gguf

from demiurgic_training.exporting.layouts.layout import Layout

LAYOUT = Layout(gguf.MODEL_ARCH.GLM4)
