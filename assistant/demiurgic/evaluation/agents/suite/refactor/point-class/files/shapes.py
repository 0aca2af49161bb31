def moved(point, by):
    """A point, moved by another."""
    return (point[0] + by[0], point[1] + by[1])


def box(points):
    """The two corners of the smallest box around points."""
    xs = [point[0] for point in points]
    ys = [point[1] for point in points]
    return (min(xs), min(ys)), (max(xs), max(ys))
