import unittest

from checking_mutants import Mutants


class Ranges(Mutants, unittest.TestCase):
    module, tests = "ranges.py", "test_ranges.py"
    broken = {
        "the end is left out": ("range(low, high + 1)", "range(low, high or 1)"),
        "order is lost": ("return sorted(found)", "return sorted(found, reverse=True)"),
        "ranges of one number are refused": ("if high < low:", "if high <= low and dash:"),
        "backwards is empty": (
            '            raise ValueError(f"{part.strip()} runs backwards")\n',
            "            pass\n",
        ),
        "empty parts are passed over": (
            '                raise ValueError(f"an empty part in {text!r}")\n',
            "                pass\n",
        ),
        "numbers are kept twice": (
            "found.update(range(low, high + 1))\n    return sorted(found)",
            "found = [*found, *range(low, high + 1)]\n    return sorted(found)",
        ),
        "nothing is refused": ("            continue\n", "            raise ValueError(text)\n"),
    }
