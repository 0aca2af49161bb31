"""The engine in its own process: crashes stay there, errors come across whole, nothing is left behind."""

import os
import pickle
import queue
import random
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import psutil
import pytest
from support.engines import follow

from demiurgic.engine.frames import Frames
from demiurgic.engine.options import EngineOptions
from demiurgic.engine.process import EngineProcess
from demiurgic.engine.protocol import Adapter, EndReason, Piece, Request
from demiurgic.engine.scripted import Script, ScriptedEngine
from demiurgic.engine.specs import LlamaSpec, ScriptedSpec
from demiurgic.errors import BadModelFile, ContextOverflow, EngineDied, EngineError, ProviderError

SLOW = Script(answers=("word " * 400,) * 2000, piece=8, delay=0.002)


@pytest.fixture
def slow():
    engine = EngineProcess(ScriptedSpec(SLOW), os.environ)
    yield engine
    engine.close()


def test_a_real_model_answers_as_it_does_in_process(tiny_glm4: Path):
    from support.engines import ask, opened

    with opened(tiny_glm4) as engine:
        expected = ask(engine, "import path")
    process = EngineProcess(LlamaSpec(tiny_glm4, EngineOptions(context=2048, kv_type="f32")), os.environ)
    try:
        assert ask(process, "import path")[:2] == expected[:2]
        assert process.facts.architecture == "glm4"
        assert process.detokenize(process.tokenize("你好 x")) == "你好 x".encode()
        assert process.stats().running == 0
    finally:
        process.close()


def test_a_file_that_is_no_adapter_costs_nobody_else_anything(tiny_glm4: Path, tmp_path: Path):
    file = tmp_path / "none.gguf"
    file.write_bytes(b"nothing")
    process = EngineProcess(LlamaSpec(tiny_glm4, EngineOptions(context=2048, kv_type="f32")), os.environ)
    try:
        pid, beside = process.pid, process.generate(Request((5,) * 1500, max_tokens=4))
        with pytest.raises(EngineError, match="no LoRA adapter"):
            follow(process.generate(Request((1, 2), max_tokens=4, adapters=(Adapter(file),))))
        assert follow(beside)[2].prompt_tokens == 1500
        assert process.pid == pid
    finally:
        process.close()


def test_errors_cross_whole():
    engine = EngineProcess(ScriptedSpec(Script(answers=(ProviderError("busy", "wait", status=429),))), os.environ)
    try:
        with pytest.raises(ContextOverflow) as overflow:
            engine.generate(Request((1,) * 5000))
        assert (overflow.value.prompt, overflow.value.limit) == (5000, 4096)
        with pytest.raises(ProviderError) as busy:
            engine.generate(Request((1,)))
        assert (busy.value.status, busy.value.hint) == (429, "wait")
        with pytest.raises(EngineError, match="only 1 answers"):
            engine.generate(Request((1,)))
    finally:
        engine.close()


def test_an_engine_without_a_model_never_shows_a_part_of_a_stop_text():
    for said, shown, reason in (
        ("abcdeSTOPf", "abcde", EndReason.STOP_TEXT),
        ("abcdeSTO", "abcdeSTO", EndReason.END_TOKEN),
    ):
        engine = ScriptedEngine(Script((said,), piece=3))
        text, _, done = follow(engine.generate(Request((1,), stop=("STOP",))))
        assert (text, done.reason) == (shown, reason)


def test_every_error_survives_pickling():
    error = ContextOverflow(1, 2, 3)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.prompt, again.limit) == (str(error), 1, 3)


def test_a_bad_model_is_refused_as_itself(tmp_path: Path):
    file = tmp_path / "x.gguf"
    file.write_bytes(b"nothing")
    with pytest.raises(BadModelFile, match=r"x\.gguf"):
        EngineProcess(LlamaSpec(file), os.environ)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGABRT, signal.SIGBUS])
def test_a_crash_is_told_and_the_next_call_starts_anew(slow: EngineProcess, how: signal.Signals):
    running = [slow.generate(Request((1, 2))) for _ in range(3)]
    first = iter(running[0])
    next(first)
    os.kill(slow.pid, how)
    for generation in (first, *running[1:]):
        with pytest.raises(EngineDied, match=how.name):
            for _ in generation:
                pass
    assert follow(slow.generate(Request((1, 2), max_tokens=8)))[2].reason is EndReason.LENGTH


def test_a_thousand_random_cancels(slow: EngineProcess):
    chance = random.Random(3)
    reasons = []

    def worker() -> None:
        for _ in range(125):
            generation = slow.generate(Request((1, 2, 3)))
            after = chance.randrange(4)
            for number, event in enumerate(generation):
                if number == after:
                    generation.cancel()
                    generation.cancel()
                last = event
            reasons.append(last.reason)

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reasons == [EndReason.CANCELLED] * 1000


def test_a_fault_in_the_worker_ends_it_instead_of_keeping_whoever_asked_waiting(slow: EngineProcess):
    told: queue.SimpleQueue[EngineDied] = queue.SimpleQueue()

    def ask() -> None:
        with pytest.raises(EngineDied) as died:
            slow.detokenize(["no token"])  # type: ignore[list-item]
        told.put(died.value)

    threading.Thread(target=ask, daemon=True).start()
    assert "TypeError" in told.get(timeout=20).message
    assert slow.detokenize([104, 105]) == b"hi"


def test_ctrl_c_is_not_the_workers_business(slow: EngineProcess):
    pid = slow.pid
    os.kill(pid, signal.SIGINT)
    assert slow.stats().running == 0
    assert slow.pid == pid


def test_closing_ends_the_process_and_refuses_more(slow: EngineProcess):
    worker = psutil.Process(slow.pid)
    slow.close()
    slow.close()
    assert not worker.is_running()
    with pytest.raises(EngineError, match="closed"):
        slow.tokenize("x")


def test_the_worker_does_not_outlive_a_killed_parent():
    script = textwrap.dedent("""
        import os, time
        from demiurgic.engine.process import EngineProcess
        from demiurgic.engine.protocol import Request
        from demiurgic.engine.scripted import Script, ScriptedEngine
        from demiurgic.engine.specs import ScriptedSpec
        engine = EngineProcess(ScriptedSpec(Script(answers=("word " * 500,), delay=0.05)), os.environ)
        generation = engine.generate(Request((1,)))
        print(engine.pid, flush=True)
        time.sleep(60)
    """)
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    worker.wait(10)


def test_a_slow_reader_holds_up_nobody(slow: EngineProcess):
    unread = slow.generate(Request((1,)))
    text, _, done = follow(slow.generate(Request((1,))))
    assert done.reason is EndReason.END_TOKEN
    assert len(text) == 2000
    assert "".join(event.text for event in unread if isinstance(event, Piece)) == text


def test_what_is_no_frame_ends_the_stream():
    reading, writing = os.pipe()
    os.write(writing, b"\xff" * 64)
    frames = Frames(os.fdopen(reading, "rb"), os.fdopen(writing, "wb"))
    with pytest.raises(EOFError):
        frames.receive()
    frames.close()
