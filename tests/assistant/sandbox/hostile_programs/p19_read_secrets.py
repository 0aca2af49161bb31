"""Read the user's keys, passwords and browser."""

from prelude import attempt, facts, read

for name in (".ssh/id_rsa", ".config/browser/cookies", ".netrc"):
    attempt(f"read ~/{name}", lambda name=name: read(f"{facts['home']}/{name}"))
attempt("read /etc/shadow", lambda: read("/etc/shadow"))
