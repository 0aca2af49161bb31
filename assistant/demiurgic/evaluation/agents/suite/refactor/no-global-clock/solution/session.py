import time


class Session:
    """Ends when it is not used for so many seconds."""

    def __init__(self, user, seconds, clock=time.time):
        self.user = user
        self.seconds = seconds
        self._clock = clock
        self._used = clock()

    def touch(self):
        self._used = self._clock()

    @property
    def alive(self):
        return self._clock() - self._used < self.seconds
