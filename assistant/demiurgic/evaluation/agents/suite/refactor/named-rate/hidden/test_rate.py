import pathlib
import subprocess
import sys
import unittest

_PROGRAM = """
import sys
sys.path.append(".")
import settings
settings.TAX_RATE = float(sys.argv[1])
import prices, refunds, receipt
print(prices.with_tax(100), refunds.tax_in(110), receipt.receipt(50))
"""


def with_rate(rate):
    done = subprocess.run([sys.executable, "-c", _PROGRAM, rate], capture_output=True, text=True, timeout=20)
    return done.stdout.strip()


class Rate(unittest.TestCase):
    def test_as_it_was(self):
        self.assertEqual(with_rate("0.19"), "119.0 17.56 59.50 with 19% tax")

    def test_one_place_decides(self):
        self.assertEqual(with_rate("0.1"), "110.0 10.0 55.00 with 10% tax")

    def test_the_setting(self):
        import settings

        self.assertEqual(settings.TAX_RATE, 0.19)

    def test_the_number_stands_in_one_place(self):
        for name in ("prices.py", "refunds.py", "receipt.py"):
            self.assertNotIn("0.19", pathlib.Path(name).read_text(), name)
