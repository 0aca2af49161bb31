"""Teaches models: the data they learn from, the teachers who write it, and what keeps it clean.

rows.py             conversations and pairs, the values that everything here passes on
files.py            rows in files, and what is wrong with a line; arrays.py: files that are one JSON array
journal.py          what long work has done so far, so that it can be killed
formats/            files that others made, one module a form
filters/            what is not worth learning, one module a reason
decontamination.py  keeps out what models are measured with; fingerprints.py: by what texts are known again
duplicates.py       rows that say the same; signatures.py: by what they are compared
execution.py        code with its tests in the sandbox; mutants.py: wrong code that tests must fail
filtering.py        all of that over whole files; sifting.py: what is judged line by line, spreading.py: by many at once
splitting.py        rows for training, validation and testing; sides.py: the files that they go to
previewing.py       some rows to look at; screen.py: what commands show, tally.py: what they count
convert/            tables of intents and talks with characters
libraries.py        what libraries say that is for nobody here
command.py          `demiurgic data`; each of its commands stands in commands/
"""
