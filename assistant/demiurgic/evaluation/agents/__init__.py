"""Scores models as agents: small repositories, a thing to do in each, and tests that the agent never sees."""
