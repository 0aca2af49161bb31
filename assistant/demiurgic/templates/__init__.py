"""Templates: how each model family writes, constrains and reads a conversation."""
