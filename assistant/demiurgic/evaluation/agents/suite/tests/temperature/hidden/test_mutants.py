import unittest

from checking_mutants import Mutants


class Temperature(Mutants, unittest.TestCase):
    module, tests = "temperature.py", "test_temperature.py"
    broken = {
        "the offset is forgotten": ("celsius * 9 / 5 + 32", "celsius * 9 / 5"),
        "the factor is turned round": ("celsius * 9 / 5", "celsius * 5 / 9"),
        "the offset is taken away too late": ("(fahrenheit - 32) * 5 / 9", "fahrenheit * 5 / 9 - 32"),
        "the way back does nothing": ("(fahrenheit - 32) * 5 / 9", "fahrenheit"),
    }
