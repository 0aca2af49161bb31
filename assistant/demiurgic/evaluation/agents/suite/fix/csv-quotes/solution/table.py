def write_row(cells):
    """One line, without its end."""
    return ",".join(_quoted(cell) for cell in cells)


def read_row(line):
    """The texts of one line."""
    cells = [""]
    inside = False
    position = 0
    while position < len(line):
        letter = line[position]
        if inside and line[position : position + 2] == '""':
            cells[-1] += '"'
            position += 1
        elif letter == '"':
            inside = not inside
        elif letter == "," and not inside:
            cells.append("")
        else:
            cells[-1] += letter
        position += 1
    return cells


def _quoted(cell):
    if "," not in cell and '"' not in cell:
        return cell
    return '"' + cell.replace('"', '""') + '"'
