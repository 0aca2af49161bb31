"""Open sockets that no network namespace covers."""

import socket

from prelude import attempt

for name, family, kind in (
    ("vsock", 40, socket.SOCK_STREAM),
    ("packet", 17, socket.SOCK_RAW),
    ("alg", 38, socket.SOCK_SEQPACKET),
    ("bluetooth", 31, socket.SOCK_RAW),
    ("xdp", 44, socket.SOCK_RAW),
    ("raw", socket.AF_INET, socket.SOCK_RAW),
):
    attempt(name, lambda family=family, kind=kind: socket.socket(family, kind, 0).close())
