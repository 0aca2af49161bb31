"""The engine on llama.cpp's C interface. The only package that imports llama_cpp.

binding.py        the library: struct check, log, abort flag
model.py          weights and vocabulary
context.py        sequences in memory, one batch at a time
sampler.py        choosing a token            constraint.py     grammars
drafts.py         guessing ahead              choice.py         one of some answers
snapshots.py      prefixes as bytes           snapshot_file.py  one of them in a file
sequences.py      who holds which tokens      task.py           one request
threads.py        how many threads            scheduler.py      who is evaluated next
embedder.py       vectors                     engine.py         LlamaEngine
evaluation.py     raw scores, to compare      quantising.py     smaller weights
"""

from demiurgic.engine.llama.engine import LlamaEngine

__all__ = ["LlamaEngine"]
