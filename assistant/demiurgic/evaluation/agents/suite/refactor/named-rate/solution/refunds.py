from settings import TAX_RATE


def tax_in(gross):
    """How much of a gross amount is tax."""
    return round(gross - gross / (1 + TAX_RATE), 2)
