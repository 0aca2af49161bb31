def shorten(text, width):
    """The text, cut off with three points where it is too long."""
    return text if len(text) <= width else text[: width - 3] + "..."


def subject(text):
    return f"[news] {shorten(text.title(), 30)}"
