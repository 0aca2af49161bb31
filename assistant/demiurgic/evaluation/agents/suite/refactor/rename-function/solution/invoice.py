from orders import order_total


def invoice(customer, lines):
    return f"{customer} owes {order_total(lines)}"
