"""Runs hidden tests beside a solution. Its source is handed to an interpreter in a sandbox; it is never imported.

The folder stands behind the standard library in the search path, so that nothing in it can take the place of what the
tests are made with. The proof is said only when at least one test ran and none failed: a solution that ends the
program early, with whatever exit code, proves nothing. A solution that sets out to find the proof in this process's
memory can find it.
"""

import os
import sys
import unittest


def _main() -> None:
    proof = sys.stdin.readline().strip()
    sys.path.append(os.getcwd())  # noqa: PTH109 - pathlib is not worth its time here
    tests = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:])
    result = unittest.TextTestRunner(sys.stderr).run(tests)
    passed = result.wasSuccessful() and result.testsRun > len(result.skipped)
    sys.stdout.write(f"\n{proof}\n" if passed else "")
    sys.stdout.flush()
    os._exit(0 if passed else 1)


if __name__ == "__main__":
    _main()
