"""Change the programs that the next run will start."""

import os
import sys

from prelude import attempt, opens, write

for path in ("/bin/sh", "/usr/bin/env", os.path.realpath(sys.executable), os.__file__):
    attempt(f"write {path}", lambda path=path: opens(path, os.O_WRONLY))
attempt("a new program", lambda: write("/usr/local/bin/evil"))
attempt("a new library", lambda: write("/etc/ld.so.preload"))
attempt("the hosts", lambda: write("/etc/hosts"))
