"""Questions sent together, at half the price and answered within a day.

protocol.py   what a provider's batch API comes to
openai.py, anthropic.py   theirs
together.py   sends them, waits, and settles every answer by its id; goes on where it was killed
"""
