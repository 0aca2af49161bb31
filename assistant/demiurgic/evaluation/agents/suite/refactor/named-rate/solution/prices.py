from settings import TAX_RATE


def with_tax(net):
    return round(net * (1 + TAX_RATE), 2)
