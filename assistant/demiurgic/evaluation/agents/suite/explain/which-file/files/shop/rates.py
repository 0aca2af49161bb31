def parse_rate(text):
    return float(text)
