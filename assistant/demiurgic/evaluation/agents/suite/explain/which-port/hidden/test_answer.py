import unittest

from checking_answers import answer


class Answer(unittest.TestCase):
    def test_it(self):
        self.assertEqual(answer(), "8081")
