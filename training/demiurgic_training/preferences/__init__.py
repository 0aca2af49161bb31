"""Pairs of answers of which one is better.

columns.py     the pairs as rows of a table, in CSV and in JSON lines
answering.py   several models answer the same prompts
judging.py     a judge compares two answers in both orders, without knowing whose they are
running.py     answers, and which of every two is better: by the judge, or by the tests of the task
sessions.py    what the user kept and took back in their own conversations; ghost.py: and of ghost text
scrubbing.py   takes secrets out of it
"""
