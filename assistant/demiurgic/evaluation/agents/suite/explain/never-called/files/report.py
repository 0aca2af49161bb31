import layout
from numbers_in import ordered


def build(values):
    return layout.table([header(), *map(str, ordered(values))])


def header():
    return "value"
