from shapes import box


def size(points):
    """Width and height of a drawing, as numbers."""
    low, high = box(points)
    return high[0] - low[0], high[1] - low[1]


def described(point):
    return f"{point[0]}|{point[1]}"
