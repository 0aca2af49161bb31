import subprocess
import sys
import unittest

_PROGRAM = """
import sys
sys.path.append(".")
from search import position
for length in range(8):
    values = [2 * n for n in range(length)]
    for wanted in range(-1, 2 * length + 2):
        expected = values.index(wanted) if wanted in values else -1
        assert position(values, wanted) == expected, (values, wanted)
print("fine")
"""


class SearchMore(unittest.TestCase):
    def test_all_places(self):
        done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, timeout=3)
        self.assertEqual(done.stdout.strip(), "fine", done.stderr)
