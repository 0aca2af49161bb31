import re

GREETING = "Dear {{ first }} {{ last }},"
FAREWELL = "Yours, {{sender}}"


def fill(template, values):
    """The template with its names replaced by their values. Raises KeyError."""
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: str(values[found[1]]), template)
