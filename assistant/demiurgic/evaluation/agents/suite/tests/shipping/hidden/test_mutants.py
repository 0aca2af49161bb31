import unittest

from checking_mutants import Mutants


class Shipping(Mutants, unittest.TestCase):
    module, tests = "shipping.py", "test_shipping.py"
    broken = {
        "1 kg is not light": ("kilograms <= 1 else", "kilograms < 1 else"),
        "5 kg is heavy": ("690 if kilograms <= 5", "690 if kilograms < 5"),
        "20 kg is too heavy": ("kilograms > 20", "kilograms >= 20"),
        "nothing weighs something": ("kilograms <= 0 or", "kilograms < 0 or"),
        "free only above 5000": ("value >= 5000", "value > 5000"),
        "heavy parcels are free": ("value >= 5000 and kilograms <= 5", "value >= 5000"),
        "express is free too": ("return price + 500 if express", "return price + 500 if express and price"),
    }
