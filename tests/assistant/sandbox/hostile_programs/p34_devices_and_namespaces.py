"""Make namespaces and devices; open disks and machines."""

import os
import subprocess

from prelude import attempt, got, opens

made = subprocess.run(["unshare", "-Ur", "id"], capture_output=True) if os.path.exists("/usr/bin/unshare") else None
if made is not None and made.returncode == 0:
    got("a user namespace", made.stdout)
attempt("a device", lambda: os.mknod("disk", 0o60666, os.makedev(254, 0)))
attempt("a character device", lambda: os.mknod("memory", 0o20666, os.makedev(1, 1)))
for path in ("/dev/vda", "/dev/sda", "/dev/kvm", "/dev/kmsg", "/dev/mem", "/dev/fuse", "/dev/net/tun", "/dev/loop0"):
    attempt(f"open {path}", lambda path=path: opens(path, os.O_RDWR))
