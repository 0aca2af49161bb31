"""Write what would retitle, clear or type on a terminal, in output and in names of files."""

import os
import sys

import prelude

tricks = "\x1b]0;owned\x07\x1b]52;c;ZXZpbA==\x07\x1b[2J\x1b[8mhidden\x1b[0m\u202eevil\rover"
sys.stdout.write(tricks)
os.mkdir(tricks.replace("/", "_"))
