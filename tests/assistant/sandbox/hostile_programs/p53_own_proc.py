"""Write to one's own and to the first process's places in /proc."""

from prelude import attempt, write

for path in ("/proc/1/mem", "/proc/1/oom_score_adj", "/proc/self/uid_map", "/proc/1/fd/1", "/proc/1/fd/2"):
    attempt(f"write {path}", lambda path=path: write(path, "w"))


def safer() -> None:
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("-1000")


attempt("never be killed for memory", safer)
