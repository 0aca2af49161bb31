def write_row(cells):
    """One line, without its end."""
    return ",".join(f'"{cell}"' if "," in cell else cell for cell in cells)


def read_row(line):
    """The texts of one line."""
    return [cell.strip('"') for cell in line.split(",")]
