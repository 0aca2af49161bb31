"""Which page of a long list an item is on."""


def page_count(items, per_page):
    """How many pages it takes to show so many items."""
    return (items + per_page - 1) // per_page


def page_of(index, per_page):
    """The page, counted from 1, of the item at an index that counts from 0."""
    return index // per_page + 1
