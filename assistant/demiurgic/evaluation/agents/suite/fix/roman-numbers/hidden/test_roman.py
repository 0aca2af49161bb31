import unittest

from roman import to_number


class Roman(unittest.TestCase):
    def test_letters_that_are_taken_away(self):
        known = {"XIV": 14, "IX": 9, "XL": 40, "XC": 90, "CD": 400, "CM": 900, "MCMXCIV": 1994, "MMXXVI": 2026}
        self.assertEqual({text: to_number(text) for text in known}, known)

    def test_letters_that_are_added(self):
        self.assertEqual([to_number(text) for text in ("I", "III", "VIII", "MDCLXVI")], [1, 3, 8, 1666])

    def test_small_letters(self):
        self.assertEqual(to_number("xiv"), 14)

    def test_other_letters(self):
        for text in ("XYZ", "12", "X I"):
            with self.assertRaises(ValueError):
                to_number(text)
