def check_address(text):
    """An e-mail address as it is kept. Raises ValueError."""
    address = text.strip().lower()
    left, at, right = address.partition("@")
    if not left or not at or "." not in right:
        raise ValueError(f"no address: {address}")
    return address
