"""Demiurgic: a coding assistant that lives on its user's machine. Importing this package does nothing."""
