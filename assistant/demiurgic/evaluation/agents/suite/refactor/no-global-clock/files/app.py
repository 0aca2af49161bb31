from limiter import Limiter
from session import Session


def make_app(user):
    """A session of half an hour, and ten requests a minute."""
    return Session(user, 1800), Limiter(10, 60)
