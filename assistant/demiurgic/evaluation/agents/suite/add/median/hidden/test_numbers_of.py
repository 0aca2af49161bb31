import unittest

from numbers_of import mean, median


class Median(unittest.TestCase):
    def test_odd(self):
        self.assertEqual([median([3, 1, 2]), median([5])], [2, 5])

    def test_even(self):
        self.assertEqual([median([4, 1, 3, 2]), median([1, 2])], [2.5, 1.5])

    def test_the_list_stays(self):
        values = [3, 1, 2]
        median(values)
        self.assertEqual(values, [3, 1, 2])

    def test_nothing(self):
        with self.assertRaises(ValueError):
            median([])

    def test_the_mean_is_as_it_was(self):
        self.assertEqual(mean([1, 2, 6]), 3)
