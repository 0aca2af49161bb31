"""Change what the user's shell, cron or Python starts with."""

from prelude import attempt, facts, write

for name in (".bashrc", ".profile", "site-packages/evil.pth", ".ssh/authorized_keys"):
    attempt(f"write ~/{name}", lambda name=name: write(f"{facts['home']}/{name}"))
attempt("write cron", lambda: write(f"/etc/cron.d/{facts['token']}"))
