from texts import shorten


def subject(text):
    return f"[news] {shorten(text.title(), 30)}"
