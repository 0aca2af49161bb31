import sys


def load(path):
    try:
        with open(path) as file:
            lines = [line.strip() for line in file]
    except FileNotFoundError:
        sys.exit(f"cannot find {path}")
    return [float(line.replace(",", ".")) for line in lines if line and not line.startswith("#")]


def mean(path):
    readings = load(path)
    return sum(readings) / len(readings)


if __name__ == "__main__":
    print(mean("readings.txt"))
