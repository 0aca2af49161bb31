import pathlib
import subprocess
import unittest

from prices import discounted

_TESTS = """import unittest

from prices import discounted


class Prices(unittest.TestCase):
    def test_discounts(self):
        self.assertEqual(discounted(400, 25), {expected})
"""


def checked(expected):
    pathlib.Path("test_prices.py").write_text(_TESTS.replace("{expected}", str(expected)))
    return subprocess.run(["sh", "check.sh"], capture_output=True, timeout=30).returncode == 0


class All(unittest.TestCase):
    def test_the_bug_is_gone(self):
        self.assertEqual([discounted(200, 10), discounted(80, 50), discounted(7, 0)], [180, 40, 7])

    def test_the_script_really_runs_the_tests(self):
        self.assertTrue(checked(300))
        self.assertFalse(checked(3001))
