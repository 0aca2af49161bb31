"""From what was learned to GGUF files, with a proof beside each that it says the same.

wish.py         what is asked of an export, and what it gives     running.py     all of it, in order
sources.py      a run, a checkpoint or an adapter                 merging.py     adapters into weights
checkpoint.py   what is exported                                  layouts/       how each architecture is written
vocabulary.py   its tokens                                        gguf_writer.py the exact file
quantising.py   smaller ones                                      places.py      where they lie
corpus.py       what is asked                                     reference.py   asking the checkpoint
room.py         what it takes of disk and memory
answers.py      what it said
measuring.py    what a file answers                               parity.py      what follows: the certificate
describing.py   card.py, modelfile.py, provenance.py, licences.py                registering.py `--model NAME`
"""
