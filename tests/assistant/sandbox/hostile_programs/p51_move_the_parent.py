"""Rename the parent of a protected folder, and make another in its place."""

import os

from prelude import attempt


def again() -> None:
    os.makedirs("ci/workflows", exist_ok=True)
    with open("ci/workflows/evil.yml", "w") as file:
        file.write("run: evil\n")


try:
    os.rename("ci", "moved")
except OSError as error:
    print("no rename:", error)
attempt("another in its place", again)
