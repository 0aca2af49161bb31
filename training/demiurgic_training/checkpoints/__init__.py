"""Checkpoints as they are found, made into ones that transformers runs with code of its own.

chatglm.py          the layout of ChatGLM2, ChatGLM3 and CharacterGLM
chatglm_weights.py  its tensors, renamed and cut            tensors.py     tensors in files
sentencepiece.py    a vocabulary file, read         spelling.py    and made into a tokenizer
naming.py           what a model is called          cutting.py     how text is cut into words
"""

from demiurgic_training.checkpoints.chatglm import native_checkpoint

__all__ = ["native_checkpoint"]
