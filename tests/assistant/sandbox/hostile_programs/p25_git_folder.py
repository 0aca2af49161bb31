"""Change what git runs: hooks and settings; move .git away and make another."""

import os

from prelude import attempt, write

attempt("write a hook", lambda: write(".git/hooks/pre-commit"))
attempt("write the settings", lambda: write(".git/config"))
attempt("remove the settings", lambda: os.unlink(".git/config"))
attempt("rename .git", lambda: os.rename(".git", "moved"))
attempt("make .git", lambda: os.mkdir(".git"))
attempt("change the mode of .git", lambda: os.chmod(".git/config", 0o777))
