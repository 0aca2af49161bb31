"""The process that runs xllamacpp's server for `xllamacpp_server`, so that a native crash takes nobody along.

Settings come as one line of JSON on stdin; the address goes back as one line on stdout. The process ends when its
stdin does, and so with its parent, whatever ended that. Loading a model holds Python's lock for seconds, in which
no thread could see this; where the system can send a signal at the end of a pipe, it is asked to.
"""

import importlib
import json
import os
import signal
import sys
import threading
import urllib.request
from typing import Any, Protocol


class _Server(Protocol):
    listening_address: str


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is meant for the front end
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what native code prints is no report
    settings = json.loads(sys.stdin.readline())
    _end_with_stdin()
    try:
        server = _serve(settings)
    except RuntimeError as error:
        print(json.dumps({"error": str(error)}), file=report, flush=True)
        return 1
    address = server.listening_address
    told = {"url": f"{address}/v1", "context": _context(address, settings["key"])}
    print(json.dumps(told), file=report, flush=True)
    threading.Event().wait()
    return 0


def _serve(settings: dict[str, Any]) -> _Server:
    xllamacpp: Any = importlib.import_module("xllamacpp")  # it has no types, and may not be installed where we check
    params = xllamacpp.CommonParams()
    params.model.path = settings["path"]
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], 0, [settings["key"]]
    params.ui = params.endpoint_slots = False
    params.verbosity = 0
    params.n_ctx, params.n_batch, params.n_parallel = settings["context"], settings["batch"], settings["parallel"]
    params.kv_unified = True
    params.cache_ram_mib = settings["cache_mib"]
    params.sampling.temp = 0.0  # greedy unless a request says otherwise
    kind = getattr(xllamacpp.ggml_type, f"GGML_TYPE_{settings['kv_type'].upper()}")
    params.cache_type_k = params.cache_type_v = kind
    if settings["threads"] is not None:
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings["threads"]
    if settings["gpu_layers"] is not None:
        params.n_gpu_layers = settings["gpu_layers"]
    return xllamacpp.Server(params)


def _context(address: str, key: str) -> int | None:
    """Tokens that one conversation can hold, as the server tells."""
    request = urllib.request.Request(f"{address}/props", headers={"Authorization": f"Bearer {key}"})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request) as answer:
        return json.load(answer).get("default_generation_settings", {}).get("n_ctx")


def _end_with_stdin() -> None:
    def watch() -> None:
        sys.stdin.read()
        os._exit(0)  # native threads are running: there is nothing to wind down

    threading.Thread(target=watch, daemon=True).start()
    if sys.platform != "win32":
        import fcntl

        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)  # SIGIO ends a process


if __name__ == "__main__":
    sys.exit(main())
