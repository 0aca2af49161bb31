import os
import pathlib
import subprocess
import unittest


def deploy(*words):
    done = subprocess.run(["./deploy.sh", *words], capture_output=True, text=True, timeout=20)
    return done.returncode, done.stdout


class Deploy(unittest.TestCase):
    def setUp(self):
        os.chmod("deploy.sh", 0o755)

    def test_it_works(self):
        self.assertEqual(deploy("staging"), (0, "deploying to staging\n"))
        self.assertEqual(deploy("live"), (0, "deploying to live\n"))

    def test_no_place(self):
        self.assertEqual(deploy(), (2, ""))

    def test_its_lines_end_as_they_should(self):
        self.assertNotIn(b"\r", pathlib.Path("deploy.sh").read_bytes())
