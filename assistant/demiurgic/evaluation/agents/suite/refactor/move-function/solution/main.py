import mail
from listing import listing
from texts import shorten


def overview(titles):
    """All titles, and the first of them once more as a subject."""
    return f"{mail.subject(titles[0])}\n{listing(titles)}\n{shorten(titles[-1], 10)}"
