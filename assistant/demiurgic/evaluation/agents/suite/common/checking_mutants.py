"""Runs tests that somebody wrote: they must pass with the right module, and fail with each broken one."""

import pathlib
import subprocess
import sys
import tempfile

_SECONDS = 10


def outcome(tests, module, source):
    """What tests come to with this source in the module's place: passed, failed or none."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, module).write_text(source, "utf-8")
        pathlib.Path(folder, tests).write_bytes(pathlib.Path(tests).read_bytes())
        program = [sys.executable, "-S", "-B", "-m", "unittest", pathlib.Path(tests).stem]
        try:
            done = subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return "failed"
    if "Ran 0 tests" in done.stderr or "Ran " not in done.stderr:
        return "none"
    return "passed" if done.returncode == 0 else "failed"


class Mutants:
    """Name the module, the tests, and how it is broken: what is replaced by what."""

    module = tests = ""
    broken = {}

    def test_the_tests_pass_with_the_right_module(self):
        source = pathlib.Path(self.module).read_text("utf-8")
        self.assertEqual(outcome(self.tests, self.module, source), "passed")

    def test_the_tests_fail_with_each_broken_module(self):
        source = pathlib.Path(self.module).read_text("utf-8")
        for name, (old, new) in self.broken.items():
            with self.subTest(name):
                self.assertEqual(source.count(old), 1)
                self.assertEqual(outcome(self.tests, self.module, source.replace(old, new)), "failed")
