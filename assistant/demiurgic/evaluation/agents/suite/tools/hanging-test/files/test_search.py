import unittest

from search import position


class Search(unittest.TestCase):
    def test_found(self):
        self.assertEqual(position([1, 3, 5, 7], 3), 1)

    def test_the_last(self):
        self.assertEqual(position([1, 3, 5, 7], 7), 3)

    def test_not_there(self):
        self.assertEqual(position([1, 3, 5, 7], 8), -1)


if __name__ == "__main__":
    unittest.main()
