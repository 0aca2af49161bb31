import re


def shown(seconds):
    """A number of seconds as text, such as 1h30m or 45s."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{count}{unit}" for count, unit in ((hours, "h"), (minutes, "m"), (left, "s")) if count]
    return "".join(parts) or "0s"


def seconds(text):
    """The number of seconds that a text such as 1h30m says. Raises ValueError."""
    found = re.fullmatch(r"(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?", text)
    if not text or not found:
        raise ValueError(f"{text!r} is no duration")
    hours, minutes, left = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + left
