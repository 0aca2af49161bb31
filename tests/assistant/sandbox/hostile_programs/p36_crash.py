"""Recurse until the stack ends."""

import sys

import prelude

sys.setrecursionlimit(1 << 30)
nested: list[object] = []
for _ in range(1_000_000):
    nested = [nested]
repr(nested)
