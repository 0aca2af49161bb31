from prices import with_tax


def receipt(net):
    return f"{with_tax(net):.2f} with {0.19:.0%} tax"
