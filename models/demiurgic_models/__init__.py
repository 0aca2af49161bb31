"""Models: which exist, where their files come from, what is in them. Knows nothing of how they are run.

registry.toml  the models known by name        registry.py   reads it
store.py       where files lie, what is whole  gguf.py       what is in a file
pull.py        fetches one                     fetching.py   what pull and its sources tell each other
sources/       where files come from           recommend.py  which suits a machine
errors.py      the root of all errors
"""
