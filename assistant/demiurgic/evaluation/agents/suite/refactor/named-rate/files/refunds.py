def tax_in(gross):
    """How much of a gross amount is tax."""
    return round(gross - gross / (1 + 0.19), 2)
