def ordered(values):
    return sorted(values, key=rank)


def rank(value):
    return -value
