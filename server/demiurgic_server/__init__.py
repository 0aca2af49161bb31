"""HTTP: what OpenAI's and Anthropic's clients expect, over the runtime's models and its agent."""
