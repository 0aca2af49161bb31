SITE = "https://example.org"


def link(path):
    """The whole address of a path."""
    return f"{SITE}/{path.lstrip('/')}"
