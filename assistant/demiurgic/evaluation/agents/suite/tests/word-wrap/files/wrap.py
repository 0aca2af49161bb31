def wrapped(text, width):
    """The words of a text in lines of at most `width` letters, as many words in each as fit.

    Words stand one space apart. A word that is longer than a line gets one of its own, uncut. A text without words has
    no lines. A width below 1 raises ValueError.
    """
    if width < 1:
        raise ValueError(f"no width: {width}")
    lines = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines
