USERS = {}


def sign_up(name, address):
    """Remember a user by name."""
    address = address.strip().lower()
    left, at, right = address.partition("@")
    if not left or not at or "." not in right:
        raise ValueError(f"no address: {address}")
    USERS[name] = address
    return address
