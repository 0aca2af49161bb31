"""A session of twenty steps in a process of its own, made to be killed. `python desk_child.py FOLDER STATE [SESSION]`

It says on its output what it has shown: each finished call by its number.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.desks import call, desk, scripted

from demiurgic.agent.events import ToolFinished

STEPS = 20


def say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def main() -> None:
    folder, state, *session = sys.argv[1:]
    calls = [call("write", path=f"src/{number % 4}.txt", content=f"step {number}\n" * 50) for number in range(STEPS)]
    here = desk(Path(folder), Path(state), scripted(*calls, "Done."), *session)
    say("session", here.session.id)
    for event in here.say("write"):
        if isinstance(event, ToolFinished):
            say("shown", event.call_id)
    here.close()
    say("ended")


if __name__ == "__main__":
    main()
