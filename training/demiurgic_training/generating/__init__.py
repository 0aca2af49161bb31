"""Examples made by teachers: from seeds to tasks, from tasks to answers.

seeds.py       what a task may be invented from; taxonomy.py, snippets.py, listed.py, evolving.py: the kinds of it
mixing.py      which share of the work goes to whom
wording.py     what teachers are told, from wordings.toml
values.py      questions that are wanted, examples that are made or dropped
example.py     one example from its seed to its answer, as questions to be put; inventing.py: reads tasks with tests
checking.py    whether an answer passes the tests of its task
plan.py        what a run consists of, from the command's flags
running.py     many examples at once, by threads or by batches
foreseeing.py  what a run will likely ask
report.py, board.py   what a run came to, and how it stands
"""
