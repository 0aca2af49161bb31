"""The Python kernel's inner half. Runs in the sandbox as `python -I -c`, alone: it must not import this package.

    orders     stdin    {"cell": 3, "code": "..."}   {"interrupt": 3}
    replies    fd N     {"cell": 3, "status": "ok" | "error" | "interrupted", "value": "...", "error": "..."}

Code that runs here can do anything to this process, forge replies included. The other half trusts none of them.
"""

from __future__ import annotations

import ast
import contextlib
import json
import linecache
import os
import queue
import signal
import sys
import threading
import traceback
import types
from typing import Any

_LONGEST = 1 << 18
"""Characters of a value or a traceback that are sent."""


class Worker:
    """Runs cells one after another in one namespace."""

    def __init__(self, orders: int, replies: int) -> None:
        self._orders, self._replies = os.fdopen(orders, "rb"), replies
        self._cells: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._running: int | None = None
        self._unwanted: int | None = None
        self._pid = os.getpid()
        self._streams = (sys.stdout, sys.stderr)
        self._module = types.ModuleType("__main__")
        sys.modules["__main__"] = self._module
        sys.path.insert(0, "")
        signal.signal(signal.SIGINT, self._interrupted)
        if os.getpgrp() != os.getpid():
            os.setpgid(0, 0)

    def serve(self) -> None:
        """Until there are no more orders."""
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            order = self._cells.get()
            if order is None:
                return
            self._answer(order["cell"], order["code"])

    def _listen(self) -> None:
        for line in self._orders:
            order = json.loads(line)
            if "code" in order:
                self._cells.put(order)
                continue
            self._unwanted = order["interrupt"]
            if self._running == self._unwanted:
                os.killpg(0, signal.SIGINT)
        self._cells.put(None)

    def _interrupted(self, number: int, frame: types.FrameType | None) -> None:
        if self._running is not None:
            raise KeyboardInterrupt

    def _answer(self, number: int, code: str) -> None:
        reply = {"cell": number, "status": "ok", "value": "", "error": ""}
        try:
            self._running = number
            try:
                if self._unwanted == number:  # before it began
                    raise KeyboardInterrupt
                reply["value"] = self._run(number, code)[:_LONGEST]
            finally:
                self._running = None
        except KeyboardInterrupt:
            reply["status"], reply["error"] = "interrupted", "KeyboardInterrupt"
        except BaseException as error:  # noqa: BLE001 - whatever the code raised is what it has to say
            reply["status"], reply["error"] = "error", _told(error)[-_LONGEST:]
        if os.getpid() != self._pid:  # a child that the code forked and that came back here
            os._exit(0)
        for stream in self._streams:
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        self._send(json.dumps(reply).encode() + b"\n")

    def _run(self, number: int, code: str) -> str:
        name = f"<cell {number}>"
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        tree = ast.parse(code, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), self._module.__dict__)
        if not isinstance(last, ast.Expr):
            return ""
        value = eval(compile(ast.Expression(last.value), name, "eval"), self._module.__dict__)
        if value is None:
            return ""
        self._module.__dict__["_"] = value
        return repr(value)

    def _send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._replies, data) :]


def _told(error: BaseException) -> str:
    """A traceback that begins in the cell."""
    trace = error.__traceback__
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith("<cell "):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace))


def main() -> None:
    """Take the orders from stdin, and leave an empty stdin to the code."""
    orders, replies = os.dup(0), int(sys.argv[1])
    os.set_inheritable(replies, False)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)
    Worker(orders, replies).serve()


if __name__ == "__main__":
    main()
