import pathlib
import unittest


class Total(unittest.TestCase):
    def test_it(self):
        self.assertEqual(float(pathlib.Path("total.txt").read_text()), 914)
