"""Read all of the standard input."""

import sys

print(len(sys.stdin.buffer.read()))
