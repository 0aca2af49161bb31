def calc(lines):
    """What an order costs: each line is a price and a count."""
    return sum(price * count for price, count in lines)
