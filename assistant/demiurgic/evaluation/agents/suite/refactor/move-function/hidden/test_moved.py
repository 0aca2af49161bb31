import ast
import pathlib
import unittest

import main
import texts


class Moved(unittest.TestCase):
    def test_it_is_there(self):
        self.assertEqual(texts.shorten("abcdefghij", 8), "abcde...")

    def test_everything_works_as_before(self):
        titles = ["short", "a title that is much too long for this"]
        expected = "[news] Short\n- short\n- a title that is m...\na title..."
        self.assertEqual(main.overview(titles), expected)

    def test_it_is_defined_once(self):
        for name in ("mail.py", "listing.py", "main.py"):
            tree = ast.parse(pathlib.Path(name).read_text())
            defined = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
            self.assertNotIn("shorten", defined)

    def test_nobody_takes_it_from_mail(self):
        for name in ("listing.py", "main.py"):
            text = pathlib.Path(name).read_text()
            self.assertNotIn("mail.shorten", text)
            self.assertNotIn("from mail import shorten", text)
