"""Leave folders too deep to remove, folders that nobody may open, and names that are no text."""

import os

import prelude

for name in (
    b"new\nline",
    b"not\xffutf8",
    b"-rf",
    b" ",
    b"\x1b]0;title\x07\x1b[2J",
    "\u202etxt.exe".encode(),
    b"a" * 255,
):
    os.mkdir(name)
    open(os.path.join(name, name), "wb").close()
os.makedirs("closed/inner")
open("closed/inner/file", "w").close()
os.chmod("closed/inner", 0)
os.chmod("closed", 0)
os.mkfifo("pipe")
for _ in range(3000):
    os.mkdir("deep")
    os.chdir("deep")
