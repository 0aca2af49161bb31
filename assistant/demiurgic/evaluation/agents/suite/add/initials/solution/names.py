def full_name(first, last):
    """First and last name with one space between them."""
    return f"{first.strip()} {last.strip()}"


def initials(name):
    """The first letters of a name, as capitals with points."""
    return "".join(f"{word[0].upper()}." for word in name.split())
