"""Engines: a loaded model that turns tokens into tokens.

protocol.py   what every engine promises, and the values that go in and out
options.py    how a model is loaded
llama/        the real one, on llama.cpp; the only place that imports llama_cpp
process.py    the same engine in a process of its own, so that a native crash takes nothing else with it
worker.py     that process      orders.py  what it is told      frames.py  how
specs.py      which engine to build           text.py    tokens' bytes as text that can be shown
scripted.py   an engine that replays prepared answers, for tests
"""
