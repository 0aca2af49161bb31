"""Servers side by side: the same clients ask each over HTTP for as long an answer, together, and time its first words.

Each server runs in a process of its own with two threads and its own defaults besides: ours, llama-cpp-python's, and
the llama-server within xllamacpp.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx2

from bench.figures import Figures, answer

CONTEXT, PARALLEL, LENGTH = 2048, 16, 96
TOPICS = ("rivers", "bridges", "bees", "glass", "salt", "clocks", "maps", "bread", "ships", "paper", "wool", "stones", "letters", "doors", "lamps", "roads")  # fmt: skip
SHARED = "The following notes belong to the project and are to be kept in mind. " + " ".join(
    f"Note {number}: the part called {TOPICS[number % 16]} has {number * 7 % 90} pieces." for number in range(62)
)

XLLAMACPP = """
import sys, time, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.port = sys.argv[1], int(sys.argv[2])
params.n_ctx, params.n_parallel, params.verbosity = int(sys.argv[3]), int(sys.argv[4]), 0
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
while True:
    time.sleep(3600)
"""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers."""

    url: str
    model: str

    def body(self, text: str, length: int, *, stream: bool) -> dict[str, object]:
        asked = [{"role": "user", "content": text}]
        return {"model": self.model, "messages": asked, "max_tokens": length, "temperature": 0.0, "stream": stream}

    def written(self, text: str, length: int) -> int:
        """Tokens of the answer."""
        body = self.body(text, length, stream=False)
        done = httpx2.post(f"{self.url}/v1/chat/completions", json=body, timeout=600)
        done.raise_for_status()
        return done.json()["usage"]["completion_tokens"]

    def first(self, text: str) -> float:
        """Milliseconds to the first words."""
        start, body = time.perf_counter(), self.body(text, 4, stream=True)
        with httpx2.stream("POST", f"{self.url}/v1/chat/completions", json=body, timeout=600) as lines:
            for line in lines.iter_lines():
                if line.startswith("data: {"):
                    choices = json.loads(line[6:])["choices"]
                    if choices and choices[0]["delta"].get("content"):
                        return 1e3 * (time.perf_counter() - start)
        raise AssertionError("no words")

    def together(self, clients: int) -> float:
        """Tokens a second of all clients together, prompts included."""
        texts = [f"Write a long story about {TOPICS[number]} and {clients} friends." for number in range(clients)]
        start = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            written = sum(pool.map(lambda text: self.written(text, LENGTH), texts))
        return written / (time.perf_counter() - start)


def measured(command: list[str], port: int) -> Figures:
    """The figures of one server, started for them."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            served = _ready(f"http://127.0.0.1:{port}", process)
            figures = {f"clients {clients}": served.together(clients) for clients in (1, 4, 16)}
            figures["cold"] = served.first(f"{SHARED} What is salt?")
            figures["shared"] = statistics.median(served.first(f"{SHARED} What are {one}?") for one in TOPICS[:5])
            return figures
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read().decode("utf-8", "replace")[-3000:])
            raise
        finally:
            process.kill()
            process.wait()


def _ready(url: str, process: subprocess.Popen[bytes]) -> Served:
    while process.poll() is None:
        try:
            served = Served(url, httpx2.get(f"{url}/v1/models", timeout=30).json()["data"][0]["id"])
            served.written("Hello", 2)
            return served
        except (httpx2.HTTPError, ValueError, LookupError):
            time.sleep(0.2)
    raise AssertionError("it ended")


def ours(model: str) -> Figures:
    command = [sys.executable, "-m", "demiurgic", "serve", "--model", model, "--port", "18471"]
    return measured([*command, "--parallel", str(PARALLEL), "--ctx", str(CONTEXT)], 18471)


def llama_cpp_server(model: str) -> Figures:
    command = [sys.executable, "-m", "llama_cpp.server", "--model", model, "--port", "18472", "--host", "127.0.0.1"]
    return measured([*command, "--n_ctx", str(CONTEXT), "--n_threads", "2"], 18472)


def xllamacpp_server(model: str) -> Figures:
    command = [sys.executable, "-c", XLLAMACPP, model, "18473", str(CONTEXT * PARALLEL), str(PARALLEL)]
    return measured(command, 18473)


if __name__ == "__main__":
    answer(ours, llama_cpp_server, xllamacpp_server)
