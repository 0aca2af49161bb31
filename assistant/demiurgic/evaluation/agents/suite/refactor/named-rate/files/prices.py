def with_tax(net):
    return round(net * (1 + 0.19), 2)
