from orders import calc


def invoice(customer, lines):
    return f"{customer} owes {calc(lines)}"
