"""Take 2 GiB in one process."""

from prelude import got

try:
    hoard = [bytearray(b"x" * (64 << 20)) for _ in range(32)]
except MemoryError:
    raise SystemExit(3) from None
got("2 GiB", len(hoard))
