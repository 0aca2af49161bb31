"""The user's folder: files opened beneath it and nowhere else, and states of it that can be brought back."""
