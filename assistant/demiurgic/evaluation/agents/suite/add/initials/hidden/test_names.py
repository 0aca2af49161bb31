import unittest

from names import full_name, initials


class Names(unittest.TestCase):
    def test_each_word(self):
        self.assertEqual(initials("ada king lovelace"), "A.K.L.")
        self.assertEqual(initials("Grace Hopper"), "G.H.")

    def test_spaces_do_not_matter(self):
        self.assertEqual(initials("  alan   turing "), "A.T.")

    def test_nothing(self):
        self.assertEqual(initials(""), "")

    def test_what_was_there_is_as_it_was(self):
        self.assertEqual(full_name(" Ada ", "Lovelace"), "Ada Lovelace")
