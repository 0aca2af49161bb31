"""Where model files come from: each source in a file of its own."""
