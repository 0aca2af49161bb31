"""Write every byte there is."""

import sys

import prelude

sys.stdout.buffer.write(bytes(range(256)) * 2)
sys.stderr.buffer.write(b"\xff\xfe\xc3(")
