import unittest

from ranges import numbers


class RangesTest(unittest.TestCase):
    def test_numbers(self):
        self.assertEqual(numbers("1-3, 7"), [1, 2, 3, 7])
        self.assertEqual(numbers("7,1"), [1, 7])
        self.assertEqual(numbers("4-4"), [4])

    def test_overlaps(self):
        self.assertEqual(numbers("1-3,2-5,3"), [1, 2, 3, 4, 5])

    def test_spaces_and_nothing(self):
        self.assertEqual(numbers(" 1 - 2 , 4 "), [1, 2, 4])
        self.assertEqual(numbers(""), [])
        self.assertEqual(numbers("  "), [])

    def test_wrong_texts(self):
        for text in ("3-1", "a", "1,,2", "1,", "1-", "-"):
            with self.assertRaises(ValueError, msg=text):
                numbers(text)


if __name__ == "__main__":
    unittest.main()
