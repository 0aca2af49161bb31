from addresses import check_address

USERS = {}


def sign_up(name, address):
    """Remember a user by name."""
    USERS[name] = check_address(address)
    return USERS[name]
