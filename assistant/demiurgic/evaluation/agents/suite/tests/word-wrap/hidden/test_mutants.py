import unittest

from checking_mutants import Mutants


class Wrap(Mutants, unittest.TestCase):
    module, tests = "wrap.py", "test_wrap.py"
    broken = {
        "an exact fit does not fit": ("<= width", "< width"),
        "the space is not counted": ("len(lines[-1]) + 1 + len(word)", "len(lines[-1]) + len(word)"),
        "long words are cut": ("lines.append(word)", "lines.append(word[:width])"),
        "spaces are kept": ("text.split()", 'text.split(" ")'),
        "nothing is one line": ("return lines", 'return lines or [""]'),
        "any width is fine": ('raise ValueError(f"no width: {width}")', "return []"),
        "a width of 1 is refused": ("width < 1", "width <= 1"),
    }
