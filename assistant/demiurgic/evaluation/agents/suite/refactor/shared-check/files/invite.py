SENT = []


def invite(addresses):
    """Note an invitation for each address."""
    for address in addresses:
        address = address.strip().lower()
        left, at, right = address.partition("@")
        if not left or not at or "." not in right:
            raise ValueError(f"no address: {address}")
        SENT.append(address)
