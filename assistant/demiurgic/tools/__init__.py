"""What the model may do: one module a tool, with the text that the model reads beside it."""
