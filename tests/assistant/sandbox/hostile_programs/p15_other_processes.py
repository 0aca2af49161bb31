"""Read what /proc tells of other processes: environments, roots, folders, open files."""

import os

from prelude import attempt, facts, got, read

pids = [name for name in os.listdir("/proc") if name.isdigit()] if os.access("/proc", os.R_OK) else []
if len(pids) > 20:
    got("many processes", len(pids))
for pid in {*pids, "1", str(os.getppid()), str(facts["launcher"])} - {str(os.getpid())}:
    for name in ("environ", "root/etc/shadow", f"root{facts['home']}/.ssh/id_rsa", f"cwd/{facts['secret_name']}"):
        try:
            text = read(f"/proc/{pid}/{name}")
        except OSError:
            continue
        if facts["secret_mark"] in text or name.endswith("shadow"):
            got(f"/proc/{pid}/{name}", text)


def opens_memory(pid: int) -> str:
    with open(f"/proc/{pid}/maps") as maps:
        return maps.readline()


attempt("the launcher's memory map", lambda: opens_memory(facts["launcher"]))
