"""Fill the folders for temporary files."""

import os

from prelude import facts, got

for folder in (os.environ["TMPDIR"], "/tmp", "/dev/shm"):
    written, path = 0, os.path.join(folder, facts["token"])
    try:
        with open(path, "wb", buffering=0) as file:
            while written < 4 * facts["disk"]:
                written += file.write(b"x" * (1 << 20))
    except OSError as error:
        print("no", folder, error)
    if written > 2 * facts["disk"]:
        got(f"{written >> 20} MiB in {folder}")
