"""Read what is hidden: directly, by /proc, by a copy, by git."""

import shutil
import subprocess

from prelude import facts, got, read

for path in (".env", "./.env", "/proc/self/cwd/.env", f"{facts['workspace']}/.env"):
    try:
        text = read(path)
    except OSError:
        continue
    if text:
        got(path, text)
try:
    shutil.copy(".env", "copy")
    if read("copy"):
        got("a copy", read("copy"))
except OSError:
    pass
said = subprocess.run(["cat", ".env"], capture_output=True).stdout
if said:
    got("cat", said)
