"""Fill the folders for temporary files that all programs share."""

from prelude import facts, fill

fill("/tmp", 4 * facts["disk"])
fill("/dev/shm", 4 * facts["disk"])
