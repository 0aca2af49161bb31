import pathlib
import unittest


class Summary(unittest.TestCase):
    def test_it(self):
        self.assertEqual(pathlib.Path("summary.txt").read_text().strip(), "3 lines, 12 words")

    def test_the_program_is_as_it_was(self):
        self.assertIn("if LOCK.exists():", pathlib.Path("summarise.py").read_text())
