"""Chat models: messages in, typed events out, the same for local and remote models."""
