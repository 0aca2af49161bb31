"""Change modes and times of files elsewhere."""

import os

from prelude import attempt, facts

attempt("a mode", lambda: os.chmod(f"{facts['home']}/.profile", 0o600))
attempt("a time", lambda: os.utime(f"{facts['home']}/.profile", (1, 1)))
attempt("an attribute", lambda: os.setxattr(f"{facts['home']}/.profile", "user.evil", b"x"))
attempt("cut short", lambda: os.truncate(f"{facts['home']}/.profile", 0))
