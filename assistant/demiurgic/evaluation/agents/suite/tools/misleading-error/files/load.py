import sys


def load(path):
    readings = []
    try:
        with open(path) as file:
            for line in file:
                readings.append(float(line))
    except Exception:
        sys.exit(f"cannot find {path}")
    return readings


def mean(path):
    readings = load(path)
    return sum(readings) / len(readings)


if __name__ == "__main__":
    print(mean("readings.txt"))
