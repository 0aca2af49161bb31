def discounted(price, percent):
    """The price less so many percent of it."""
    return price - percent
