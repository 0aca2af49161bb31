def numbers(text):
    """The numbers that a text such as "1-3, 7" names: sorted, each once. [1, 2, 3, 7]

    Both ends of a range belong to it. Spaces do not matter, and an empty text names no numbers. A range that runs
    backwards, or a part that is no number, raises ValueError.
    """
    found = set()
    for part in text.split(","):
        if not part.strip():
            if text.strip():
                raise ValueError(f"an empty part in {text!r}")
            continue
        first, dash, last = part.partition("-")
        low = int(first)
        high = int(last) if dash else low
        if high < low:
            raise ValueError(f"{part.strip()} runs backwards")
        found.update(range(low, high + 1))
    return sorted(found)
