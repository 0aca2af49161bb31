"""What the agent may do without a question, what it must ask, and what it may not do at all."""
