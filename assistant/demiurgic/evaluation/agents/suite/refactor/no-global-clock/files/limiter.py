import time


class Limiter:
    """Allows something so many times in so many seconds."""

    def __init__(self, times, seconds):
        self.times = times
        self.seconds = seconds
        self._when = []

    def allow(self):
        now = time.time()
        self._when = [then for then in self._when if now - then < self.seconds]
        if len(self._when) >= self.times:
            return False
        self._when.append(now)
        return True
