import unittest

from checking_mutants import Mutants


class Password(Mutants, unittest.TestCase):
    module, tests = "password.py", "test_password.py"
    broken = {
        "length does not matter": ("len(password) >= 8\n        and any(letter.isdigit()", "any(letter.isdigit()"),
        "no digit is needed": ("        and any(letter.isdigit() for letter in password)\n", ""),
        "no capital is needed": ("        and any(letter.isupper() for letter in password)\n", ""),
        "spaces are fine": ('        and " " not in password\n', ""),
        "nothing is strong": ("len(password) >= 8", "len(password) >= 800"),
    }
