"""Leave something for the next program: modules, start files, temporary files, shared memory."""

import ctypes
import os
import sys
from pathlib import Path

from prelude import facts, got

home, temporary = Path(os.environ["HOME"]), Path(os.environ["TMPDIR"])
version = f"python{sys.version_info.major}.{sys.version_info.minor}"
packages = home / ".local" / "lib" / version / "site-packages"
libc = ctypes.CDLL(None, use_errno=True)
if facts["turn"] == 1:
    for folder, name in (
        (packages, "usercustomize.py"),
        (packages, "evil.pth"),
        (home, ".bashrc"),
        (temporary, "left"),
    ):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("import sys; sys.stderr.write('poisoned')\n")
        except OSError as error:
            print(error)
    Path("json.py").write_text("raise SystemExit('poisoned')\n")
    libc.shmget(facts["key"], 4096, 0o1666)
else:
    for path in (packages / "usercustomize.py", packages / "evil.pth", home / ".bashrc", temporary / "left"):
        if path.exists():
            got(f"from the run before: {path}")
    if libc.shmget(facts["key"], 4096, 0) >= 0:
        got("shared memory from the run before")
