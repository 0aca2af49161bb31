class Text:
    """A text that is being edited."""

    def __init__(self, content=""):
        self.content = content

    def insert(self, position, text):
        """Put a text before the letter at a position."""
        self.content = self.content[:position] + text + self.content[position:]

    def delete(self, start, end):
        """Remove the letters from `start` up to `end`, which stays."""
        self.content = self.content[:start] + self.content[end:]
