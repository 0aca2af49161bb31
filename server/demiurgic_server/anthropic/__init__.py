"""The endpoints that Anthropic's clients know."""
