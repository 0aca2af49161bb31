"""Models: which exist, where their files come from, what is in them. Knows nothing of how they are run."""
