import orders


def mean_order(all_orders):
    """What an order costs on average."""
    return sum(orders.calc(lines) for lines in all_orders) / len(all_orders)
