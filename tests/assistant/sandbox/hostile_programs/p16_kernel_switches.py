"""Open what turns the whole machine's switches, and read its memory."""

from prelude import attempt, opens, read

for path in (
    "/proc/sys/kernel/core_pattern",
    "/proc/sysrq-trigger",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/vm/overcommit_memory",
    "/sys/kernel/uevent_helper",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    "/sys/fs/cgroup/cgroup.procs",
):
    attempt(f"open {path}", lambda path=path: opens(path))


def memory_of_the_machine() -> str:
    text = read("/proc/kcore")
    if not text:
        raise OSError("empty")
    return "memory"


attempt("read /proc/kcore", memory_of_the_machine)
