"""Take all processors with eight processes."""

import os

import prelude

for _ in range(7):
    if os.fork() == 0:
        break
while True:
    pass
