"""Type on the user's terminal."""

import fcntl
import os
import termios

from prelude import attempt, opens

attempt("open the terminal", lambda: opens("/dev/tty", os.O_RDWR))
for number in (0, 1, 2):
    attempt(f"type on {number}", lambda number=number: fcntl.ioctl(number, termios.TIOCSTI, b"x"))
attempt("the console", lambda: opens("/dev/console", os.O_RDWR))
