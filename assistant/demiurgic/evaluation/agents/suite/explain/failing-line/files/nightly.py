"""Adds up what was sold in the night."""


def rows():
    lines = ["tea;3", "milk;1", "discount;-2"]
    return [cells(line) for line in lines]


def cells(line):
    name, amount = line.split(";")
    return name, amount_of(name, amount)


def total(pairs):
    result = 0
    for _, amount in pairs:
        result += amount
    return result


def amount_of(name, text):
    if text.isdigit():
        return int(text)
    return text


if __name__ == "__main__":
    print(total(rows()))
