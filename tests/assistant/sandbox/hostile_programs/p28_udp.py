"""Send datagrams, ask for a name, use the shell's own network."""

import socket
import subprocess

from prelude import attempt, facts, got


def send() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.sendto(b"out", ("127.0.0.1", facts["udp"]))


try:  # may well succeed in a network of its own; the listener outside must not hear of it
    send()
except OSError as error:
    print("no udp", error)
attempt("a name", lambda: socket.getaddrinfo("example.com", 80))
shell = subprocess.run(["bash", "-c", f"echo out > /dev/tcp/127.0.0.1/{facts['tcp']}"], capture_output=True)
if shell.returncode == 0:
    got("bash's tcp")
