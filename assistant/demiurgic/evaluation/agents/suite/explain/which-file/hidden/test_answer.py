import unittest

from checking_answers import answer


class Answer(unittest.TestCase):
    def test_it(self):
        self.assertIn(answer().removeprefix("./"), ("shop/rates.py", "rates.py"))
