import pathlib
import subprocess
import tempfile
import unittest


def counted(files):
    with tempfile.TemporaryDirectory(suffix=" with spaces") as folder:
        for name, text in files.items():
            pathlib.Path(folder, name).write_text(text)
        done = subprocess.run(["sh", "count.sh", folder], capture_output=True, text=True, timeout=20)
        return sorted(" ".join(line.split()) for line in done.stdout.splitlines()), done.stderr


class Count(unittest.TestCase):
    def test_plain_names(self):
        self.assertEqual(counted({"a.txt": "x y", "b.txt": "z"}), (["a.txt 2", "b.txt 1"], ""))

    def test_names_with_spaces(self):
        self.assertEqual(counted({"my notes.txt": "x y z", "b.txt": ""}), (["b.txt 0", "my notes.txt 3"], ""))

    def test_no_files(self):
        self.assertEqual(counted({"a.md": "x"}), ([], ""))
