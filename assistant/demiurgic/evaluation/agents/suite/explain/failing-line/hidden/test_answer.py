import unittest

from checking_answers import name


class Answer(unittest.TestCase):
    def test_it(self):
        self.assertEqual(name(), "amount_of")
