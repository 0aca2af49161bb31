def table(rows):
    width = widest(rows)
    return "\n".join(pad(row, width) for row in rows)


def widest(rows):
    return max(len(row) for row in rows)


def pad(row, width):
    return row.rjust(width)


def frame(row, width):
    return "|" + pad(row, width) + "|"
