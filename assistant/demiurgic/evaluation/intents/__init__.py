"""Scores a model as a classifier of intents: which label it gives to what a user said, and how sure it is."""
