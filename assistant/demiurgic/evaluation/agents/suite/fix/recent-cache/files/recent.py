class Recent:
    """A cache of at most `size` entries. When it is full, the one that was not used for the longest time goes."""

    def __init__(self, size):
        self.size = size
        self._entries = {}

    def get(self, key, default=None):
        """What is stored under a key. Reading counts as use."""
        return self._entries.get(key, default)

    def put(self, key, value):
        """Store something. Storing counts as use."""
        if len(self._entries) >= self.size:
            oldest = next(iter(self._entries))
            del self._entries[oldest]
        self._entries[key] = value

    def __len__(self):
        return len(self._entries)

    def keys(self):
        """The keys, the one that will go next first."""
        return list(self._entries)
