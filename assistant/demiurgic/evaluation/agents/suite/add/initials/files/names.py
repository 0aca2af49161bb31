def full_name(first, last):
    """First and last name with one space between them."""
    return f"{first.strip()} {last.strip()}"
