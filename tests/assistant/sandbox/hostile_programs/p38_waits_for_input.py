"""Read all of the standard input."""

import sys

import prelude

print(len(sys.stdin.buffer.read()))
