from point import Point


def moved(point, by):
    """A point, moved by another."""
    return Point(point.x + by.x, point.y + by.y)


def box(points):
    """The two corners of the smallest box around points."""
    xs = [point.x for point in points]
    ys = [point.y for point in points]
    return Point(min(xs), min(ys)), Point(max(xs), max(ys))
