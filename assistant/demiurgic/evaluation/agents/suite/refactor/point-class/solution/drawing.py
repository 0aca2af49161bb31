from shapes import box


def size(points):
    """Width and height of a drawing, as numbers."""
    low, high = box(points)
    return high.x - low.x, high.y - low.y


def described(point):
    return f"{point.x}|{point.y}"
