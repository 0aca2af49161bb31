import re

SITE = "https://example.org"


def link(path):
    """The whole address of a path."""
    return f"{SITE}/{path.lstrip('/')}"


def slug(title):
    """The last part of an address, made from a title."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
