class Stack:
    """Last in, first out."""

    def __init__(self):
        self._items = []

    def push(self, item):
        self._items.append(item)

    def pop(self):
        """Remove the latest item and return it. Raises IndexError if there is none."""
        return self._items.pop()

    def peek(self):
        """The latest item, which stays. None if there is none."""
        return self._items[-1] if self._items else None

    def __len__(self):
        return len(self._items)
