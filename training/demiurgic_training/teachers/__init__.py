"""Teachers: models that are asked thousands of questions, and what each of them costs before and after it is asked.

protocol.py   what a teacher is: a question in, an answer with its tokens out
openai.py     OpenAI and every server that speaks its protocol; anthropic.py, local.py: the others
batches/      questions sent together at half the price, answered within a day
money.py      amounts, each of one currency; prices.py: what a model takes for its tokens, from prices.toml
worst.py      the most that a question can cost
accounts.py   what is spent and set aside against what may be
ledger.py     the journal of all that was paid and got: money is set aside on the disk before it can be spent
crew.py       one teacher through several processes, where very many questions are in the air
desk.py       asks a teacher for money, once; crowd.py: many at once
estimating.py, agreeing.py   what questions will cost, and whether the user wants that
opening.py    from names to teachers
"""
