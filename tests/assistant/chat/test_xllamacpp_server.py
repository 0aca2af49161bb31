"""A real model in a real child process, through the xllamacpp wheel."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from support.real_models import real_model

from demiurgic.chat.protocol import ChatModel, ReplyOptions
from demiurgic.chat.xllamacpp_server import XllamaCppChat, _Child
from demiurgic.engine.options import EngineOptions
from demiurgic.errors import EngineDied, ModelLoadError, ProviderError, UnknownModel, UnsupportedRequest
from demiurgic.events import Finish, ReplyEnded, TextDelta
from demiurgic.messages import System, Tool, User

SMALL = real_model("smollm2-135m")
OPTIONS = EngineOptions(context=2048, parallel=2, threads=1, memory_cache=64 * 2**20)
CAPITAL = [System("Answer in few words."), User("What is the capital of France?")]
ENDLESS = [User("Count from 1 to 1000.")]


@pytest.fixture(scope="module")
def model() -> Iterator[XllamaCppChat]:
    with closing(XllamaCppChat(SMALL, OPTIONS)) as chat:
        yield chat


def servers(parent: int) -> list[psutil.Process]:
    return [child for child in psutil.Process(parent).children() if "xllamacpp_child" in " ".join(child.cmdline())]


def gone(process: psutil.Process, within: float = 3) -> bool:
    try:
        process.wait(within)
    except psutil.TimeoutExpired:
        return False
    return True


@pytest.mark.slow
def test_it_answers(model: XllamaCppChat) -> None:
    chat: ChatModel = model
    *events, ended = chat.reply(CAPITAL, options=ReplyOptions(max_tokens=20))
    assert isinstance(ended, ReplyEnded)
    assert "Paris" in ended.message.text
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == ended.message.text
    assert 0 < ended.usage.completion <= 20
    assert ended.usage.prompt > 10
    assert (chat.name, chat.context) == (SMALL.stem, 2048)


@pytest.mark.slow
def test_what_is_not_enforced_is_checked_and_never_silent(model: XllamaCppChat) -> None:
    tool = Tool("weather", "Tells the weather.", {"type": "object", "properties": {}})
    options = ReplyOptions(tool_choice="required", stop=(".", "!", "?", "\n"))
    with pytest.raises(ProviderError, match="tool_choice"):
        list(model.reply([User("Say hello.")], [tool], options))


@pytest.mark.slow
def test_an_answer_schema_is_enforced(model: XllamaCppChat) -> None:
    schema = {"type": "object", "properties": {"city": {"enum": ["Rome", "Paris"]}}, "required": ["city"]}
    *_, ended = model.reply(CAPITAL, options=ReplyOptions(answer_schema=schema, max_tokens=60))
    assert isinstance(ended, ReplyEnded)
    assert json.loads(ended.message.text)["city"] in ("Rome", "Paris")


@pytest.mark.slow
def test_cancel_stops_the_model(model: XllamaCppChat) -> None:
    reply = model.reply(ENDLESS)
    events = iter(reply)
    next(events)
    began = time.monotonic()
    reply.cancel()
    *_, ended = events
    assert time.monotonic() - began < 0.2
    assert isinstance(ended, ReplyEnded)
    assert ended.finish is Finish.CANCELLED


@pytest.mark.slow
def test_close_ends_the_process_and_a_crash_is_told_as_one() -> None:
    chat = XllamaCppChat(SMALL, OPTIONS)
    try:
        server = max(servers(os.getpid()), key=psutil.Process.create_time)
        events = iter(chat.reply(ENDLESS))
        next(events)
        server.send_signal(signal.SIGSEGV)
        with pytest.raises(EngineDied, match="load the model again"):
            list(events)
        with pytest.raises(EngineDied):
            chat.reply(CAPITAL)
    finally:
        chat.close()
    chat.close()


@pytest.mark.slow
def test_the_process_ends_with_close() -> None:
    chat = XllamaCppChat(SMALL, OPTIONS)
    server = max(servers(os.getpid()), key=psutil.Process.create_time)
    chat.close()
    assert not server.is_running()


PARENT = """
import sys, time
from pathlib import Path
from demiurgic.chat.xllamacpp_server import XllamaCppChat
from demiurgic.engine.options import EngineOptions
chat = XllamaCppChat(Path(sys.argv[1]), EngineOptions(context=2048, threads=1))
print("loaded", flush=True)
time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.parametrize("loaded", [True, False], ids=["loaded", "loading"])
def test_the_process_ends_even_when_its_parent_is_killed(loaded: bool) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(SMALL)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        if loaded:
            assert parent.stdout.readline() == b"loaded\n"
        while not (children := servers(parent.pid)):
            time.sleep(0.05)
        if not loaded:
            time.sleep(1)
        parent.kill()
        parent.wait()
        assert gone(children[0])


@pytest.mark.slow
def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.gguf"
    rubbish.write_bytes(b"GGUF" + bytes(100))
    before = servers(os.getpid())
    with pytest.raises(ModelLoadError, match=r"rubbish\.gguf"):
        XllamaCppChat(rubbish, OPTIONS)
    assert servers(os.getpid()) == before


def test_a_process_that_dies_before_it_has_heard_of_a_model_is_a_failure_to_load() -> None:
    child = _Child()
    child._process.kill()
    child._process.wait()
    with pytest.raises(ModelLoadError, match="its process ended"):
        child.start({"path": "m.gguf"})
    child.end()


def test_what_can_be_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match=r"absent\.gguf"):
        XllamaCppChat(tmp_path / "absent.gguf")
    present = tmp_path / "present.gguf"
    present.touch()
    with pytest.raises(UnsupportedRequest, match="disk_cache"):
        XllamaCppChat(present, EngineOptions(disk_cache=1))


def test_a_missing_wheel_names_the_command_that_installs_it() -> None:
    code = """
import sys
sys.modules["xllamacpp"] = None
from pathlib import Path
from demiurgic.chat.xllamacpp_server import XllamaCppChat
from demiurgic.errors import MissingExtra
try:
    XllamaCppChat(Path("m.gguf"))
except MissingExtra as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'demiurgic[xllamacpp]'" in done.stdout


def test_no_sdk_is_loaded_before_a_model_is_made() -> None:
    modules = "demiurgic.chat.openai_api, demiurgic.chat.anthropic_api, demiurgic.chat.xllamacpp_server"
    code = f"import sys, {modules}; print(sorted({{'openai', 'anthropic', 'httpx2', 'xllamacpp'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
