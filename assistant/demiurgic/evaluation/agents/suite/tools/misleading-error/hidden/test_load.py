import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = str(pathlib.Path("load.py").resolve())


def run(text):
    with tempfile.TemporaryDirectory() as folder:
        if text is not None:
            pathlib.Path(folder, "readings.txt").write_text(text)
        return subprocess.run([sys.executable, PROGRAM], cwd=folder, capture_output=True, text=True, timeout=20)


class Load(unittest.TestCase):
    def test_the_readings(self):
        done = run("# morning\n19.5\n20.5\n\n# evening\n21,0\n19.0\n")
        self.assertEqual((done.returncode, done.stdout.strip()), (0, "20.0"))
        self.assertEqual(run("1\n\n#x\n3\n").stdout.strip(), "2.0")

    def test_a_missing_file(self):
        done = run(None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("cannot find readings.txt", done.stderr)

    def test_something_else_that_is_wrong(self):
        done = run("19.5\nwarm\n")
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("cannot find", done.stderr)
