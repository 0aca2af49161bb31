import pathlib
import subprocess
import sys
import unittest

import greetings


class Generated(unittest.TestCase):
    def test_it_is_right_now(self):
        self.assertEqual([greetings.greet(language) for language in ("en", "de", "fr")], ["hello", "hallo", "bonjour"])

    def test_it_comes_out_right_again(self):
        pathlib.Path("greetings.py").unlink()
        subprocess.run([sys.executable, "generate.py"], check=True, timeout=20)
        self.assertIn("'fr': 'bonjour'", pathlib.Path("greetings.py").read_text())
