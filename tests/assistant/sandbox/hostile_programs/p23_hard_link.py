"""Give a file of the user's a second name in the workspace."""

import os

from prelude import attempt, facts

attempt("a hard link", lambda: os.link(f"{facts['home']}/.bashrc", "linked"))
attempt("a hard link to a hidden file", lambda: os.link(".env", "env"))
