"""Conversations on disk: every step is there before it is shown, and nothing is ever deleted."""
