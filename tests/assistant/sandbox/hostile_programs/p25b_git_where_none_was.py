"""Make a .git, as a folder and as a file that names one."""

import os

from prelude import attempt


def as_file() -> None:
    with open(".git", "w") as file:
        file.write("gitdir: evil\n")


attempt("remove what stands there", lambda: os.rmdir(".git"))
attempt("a folder", lambda: os.mkdir(".git"))
attempt("a file", as_file)
attempt("a link", lambda: os.symlink("evil", ".git"))
attempt("a name over it", lambda: os.rename("evil", ".git"))
attempt("a file in it", lambda: open(".git/config", "w").close())
