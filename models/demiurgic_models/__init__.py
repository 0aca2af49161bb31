"""Models: which exist, where their files come from, what is in them. Knows nothing of how they are run.

entries.py       what is known of a model        registry.toml      the models known by name
registry.py      reads and adds to it            registry_fields.py what may stand in it
store.py         where files lie, what is whole  files.py           putting files in their places
pull.py          fetches one                     fetching.py        what pull and its sources tell each other
sources/         where files come from           recommend.py       which suits a machine
gguf.py          what a model file says          gguf_header.py     reads its header; gguf_tables.py its numbers
reading.py       small files that people write
errors.py        the root of all errors
"""
