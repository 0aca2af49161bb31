from shop.rates import parse_rate


def convert(amount, rate):
    return amount * parse_rate(rate)
