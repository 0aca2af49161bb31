"""Leave a program that lends its owner's rights to whoever starts it."""

import os
import shutil

from prelude import attempt

shutil.copy("/bin/true", "helper")
attempt("chmod", lambda: os.chmod("helper", 0o4755))
attempt("open", lambda: os.close(os.open("born", os.O_CREAT | os.O_WRONLY, 0o6755)))
attempt("capabilities", lambda: os.setxattr("helper", "security.capability", b"\1\0\0\2" + b"\xff" * 16))
