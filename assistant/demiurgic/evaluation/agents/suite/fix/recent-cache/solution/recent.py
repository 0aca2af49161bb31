class Recent:
    """A cache of at most `size` entries. When it is full, the one that was not used for the longest time goes."""

    def __init__(self, size):
        self.size = size
        self._entries = {}

    def get(self, key, default=None):
        """What is stored under a key. Reading counts as use."""
        if key not in self._entries:
            return default
        value = self._entries.pop(key)
        self._entries[key] = value
        return value

    def put(self, key, value):
        """Store something. Storing counts as use."""
        if key in self._entries:
            del self._entries[key]
        elif len(self._entries) >= self.size:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = value

    def __len__(self):
        return len(self._entries)

    def keys(self):
        """The keys, the one that will go next first."""
        return list(self._entries)
