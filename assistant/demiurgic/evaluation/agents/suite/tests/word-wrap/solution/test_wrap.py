import unittest

from wrap import wrapped


class WrapTest(unittest.TestCase):
    def test_lines(self):
        self.assertEqual(wrapped("a bb ccc", 4), ["a bb", "ccc"])
        self.assertEqual(wrapped("aa bb", 4), ["aa", "bb"])
        self.assertEqual(wrapped("aa bb", 5), ["aa bb"])

    def test_long_words(self):
        self.assertEqual(wrapped("a elephant b", 3), ["a", "elephant", "b"])

    def test_spaces(self):
        self.assertEqual(wrapped("  a   b\n", 10), ["a b"])
        self.assertEqual(wrapped("", 10), [])

    def test_widths(self):
        self.assertEqual(wrapped("a b", 1), ["a", "b"])
        for width in (0, -1):
            with self.assertRaises(ValueError):
                wrapped("a", width)


if __name__ == "__main__":
    unittest.main()
