def merged(spans):
    """Spans of time as few others that do not touch, in order. A span is its start and its end."""
    spans.sort()
    result = []
    for start, end in spans:
        if result and start < result[-1][1]:
            result[-1] = (result[-1][0], end)
        else:
            result.append((start, end))
    return result


def open_at(spans, time):
    """Whether a time is in one of the spans. The end of a span is not in it."""
    return any(start <= time < end for start, end in spans)
