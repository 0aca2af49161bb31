import time

from limiter import Limiter
from session import Session


def make_app(user, clock=time.time):
    """A session of half an hour, and ten requests a minute."""
    return Session(user, 1800, clock), Limiter(10, 60, clock)
