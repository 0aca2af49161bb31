class Text:
    """A text that is being edited."""

    def __init__(self, content=""):
        self.content = content
        self._before = []

    def insert(self, position, text):
        """Put a text before the letter at a position."""
        self._change(self.content[:position] + text + self.content[position:])

    def delete(self, start, end):
        """Remove the letters from `start` up to `end`, which stays."""
        self._change(self.content[:start] + self.content[end:])

    def undo(self):
        """Take back the latest change. False if there is none."""
        if not self._before:
            return False
        self.content = self._before.pop()
        return True

    def _change(self, content):
        self._before.append(self.content)
        self.content = content
