"""Scores models: on HumanEval, on intents, as agents; and says whether one is really better than another."""
