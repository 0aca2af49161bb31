import unittest

from durations import seconds, shown


class Durations(unittest.TestCase):
    def test_all_that_can_be_shown(self):
        for number in (*range(200), 3599, 3600, 3601, 5400, 7205, 86399, 360000):
            self.assertEqual(seconds(shown(number)), number)

    def test_large_counts(self):
        self.assertEqual([seconds("90m"), seconds("100s"), seconds("0h0m7s")], [5400, 100, 7])

    def test_anything_else(self):
        for text in ("", "5", "h", "30m1h", "1m2m", "1h 30m", "1.5h", "-1s", "10x", "1h30"):
            with self.assertRaises(ValueError, msg=text):
                seconds(text)
