from prices import with_tax
from settings import TAX_RATE


def receipt(net):
    return f"{with_tax(net):.2f} with {TAX_RATE:.0%} tax"
