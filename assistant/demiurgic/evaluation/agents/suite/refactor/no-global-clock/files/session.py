import time


class Session:
    """Ends when it is not used for so many seconds."""

    def __init__(self, user, seconds):
        self.user = user
        self.seconds = seconds
        self._used = time.time()

    def touch(self):
        self._used = time.time()

    @property
    def alive(self):
        return time.time() - self._used < self.seconds
