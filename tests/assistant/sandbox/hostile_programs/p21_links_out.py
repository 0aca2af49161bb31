"""Write and read through links that lead out of the workspace."""

import os

from prelude import attempt, facts, read, write

attempt("read through a link", lambda: read("out/.ssh/id_rsa"))
attempt("write through a link", lambda: write("out/.bashrc"))
attempt("read a linked file", lambda: read("key"))
attempt("write a linked file", lambda: write("start"))
os.symlink(f"{facts['home']}/.profile", "own")
attempt("write through a link of its own", lambda: write("own"))
