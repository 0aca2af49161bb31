"""What was taught comes out of the exported file in the runtime itself: turns end where they end, calls are calls."""

import json
from pathlib import Path

import pytest
import torch
from support.exported import ARCHITECTURES, base, exact, teach

from demiurgic.chat.protocol import ReplyOptions
from demiurgic.compose import open_chat
from demiurgic.config import Settings
from demiurgic.events import Finish, ReplyEnded
from demiurgic.messages import Assistant, Message, Tool, ToolCall, User
from demiurgic_training.checkpoints import native_checkpoint
from demiurgic_training.exporting.checkpoint import Checkpoint

READ = Tool(
    "read_file",
    "Read a file.",
    {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
)
ASKED, ANSWERED = User("What is two plus two?"), Assistant("The answer is four.")
WANTED, CALLED = User("Read main.py."), Assistant(calls=(ToolCall("1", "read_file", {"path": "main.py"}),))
PLAIN = ReplyOptions(max_tokens=64, constrain=False)


def reply(chat, asked: Message, tools: tuple[Tool, ...] = ()) -> ReplyEnded:
    events = list(chat.reply((asked,), tools, PLAIN))
    assert isinstance(events[-1], ReplyEnded)
    return events[-1]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_turns_end_and_calls_are_made(architecture: str, tmp_path: Path):
    torch.set_num_threads(1)
    folder = native_checkpoint(base(tmp_path, architecture, hidden=64), tmp_path / "cache")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 2048}))
    assert teach(folder, [((ASKED, ANSWERED), ()), ((WANTED, CALLED), (READ,))]) < 0.05
    file, _ = exact(Checkpoint(folder), tmp_path / "out")
    chat = open_chat(Settings(disk_cache=0, context=2048, parallel=1), str(file))
    try:
        said, called = reply(chat, ASKED), reply(chat, WANTED, (READ,))
    finally:
        chat.close()
    assert said.finish is Finish.STOP
    assert said.message.text.strip() == ANSWERED.text
    assert called.finish is Finish.CALLS
    assert [(call.name, call.arguments) for call in called.message.calls] == [("read_file", {"path": "main.py"})]
    assert called.rejected == ()
