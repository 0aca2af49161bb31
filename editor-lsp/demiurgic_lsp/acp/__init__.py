"""The agent in editors, by the Agent Client Protocol: one more renderer of the stream that the terminal shows."""
