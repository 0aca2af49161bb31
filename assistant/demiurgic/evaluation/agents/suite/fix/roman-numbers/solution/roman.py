_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def to_number(text):
    """The number that a Roman numeral stands for, in capital or small letters."""
    letters = text.upper()
    if any(letter not in _VALUES for letter in letters):
        raise ValueError(f"{text!r} is no Roman numeral")
    values = [_VALUES[letter] for letter in letters]
    total = 0
    for value, following in zip(values, [*values[1:], 0]):
        total += -value if value < following else value
    return total
