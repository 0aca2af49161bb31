from addresses import check_address

SENT = []


def invite(addresses):
    """Note an invitation for each address."""
    for address in addresses:
        SENT.append(check_address(address))
