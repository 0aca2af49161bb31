"""What a model is told before its answer counts as the end of a turn.

Small ones end with nothing, with a call as text, or with what should be done; all claim now and then what they have not
done. Each is told once, plainly, what is missing; most then do it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from demiurgic.agent.claims import about_files, meant_as_call, only_shown, tells_of_tools, unfounded
from demiurgic.agent.files import OpenFiles
from demiurgic.agent.progress import Progress
from demiurgic.events import Finish, ReplyEnded

_MOST_ASKED = 300
"""Letters of the user's words that are said again."""


@dataclass(frozen=True, slots=True)
class _Urge:
    """What is missing, and whether only a call can bring it: telling in words was in vain."""

    text: str
    must_call: bool = False


def reminder(ended: ReplyEnded, progress: Progress, files: OpenFiles, tools: Collection[str], *, guided: bool) -> str:
    """What the model must hear; nothing where its answer counts. Notes in `progress` that it was told."""
    if broken := _broken(ended):
        progress.broken += 1
        progress.must_call = broken.must_call
        return broken.text
    text = ended.message.text
    may_urge = not progress.urged and not progress.declined  # who was told no is not urged to do it
    if may_urge and (urge := next(_urges(text, progress, files, tools, guided=guided), None)):
        progress.urged, progress.must_call = True, urge.must_call
        progress.unchanged = False
        return urge.text
    if not progress.doubted and (missing := unfounded(text, files.written)):
        progress.doubted = True
        return f"You say that you changed {', '.join(missing)}, but nothing was written. Do it with a tool now."
    return ""


def _broken(ended: ReplyEnded) -> _Urge | None:
    """What is wrong with a reply that is neither a call nor an answer."""
    if ended.rejected:
        problems = "\n".join(f"{call.name}: {call.problem}" for call in ended.rejected)
        return _Urge(f"Your call was not carried out:\n{problems}")
    if ended.finish is Finish.LENGTH:
        return _Urge(
            "Your answer was cut off: it was too long, or it said the same again and again. "
            "Finish it in few words, or go on in smaller steps."
        )
    if name := meant_as_call(ended.message.text):
        said = f"That was text and no call, and nothing was done. There is no tool {name} with such arguments."
        return _Urge(said, must_call=True)
    return None


def _urges(text: str, progress: Progress, files: OpenFiles, tools: Collection[str], *, guided: bool) -> Iterator[_Urge]:
    """What is missing where a turn ends with nothing, with a failure, or with what should be done."""
    if guided and progress.broke and "```" not in text:
        said = "The last command failed. Mend what it complains of, or tell the user why that cannot be done."
        yield _Urge(said, progress.failed)
    if guided and not progress.wrote and "?" not in progress.asked and (name := only_shown(text, files.texts)):
        said = f"{name} is still as it was: what you show is in no file yet. Put it there now with a tool."
        yield _Urge(said, must_call=True)
    if guided and progress.steps == 1 and not files.texts and about_files(progress.asked):
        yield _Urge("You have not looked at the project yet. Look first, with a tool.", must_call=True)
    if guided and progress.unchanged:
        said = (
            "Your change could not be made, so the fault is still there. Run what shows it, and change what it names."
        )
        yield _Urge(said, must_call=True)
    if progress.steps > 1 and not text.strip("` \n"):
        said = f"Your answer is empty. Tell the user in one sentence what came of it. {_asked(progress)}"
        yield _Urge(said, progress.failed)
    if guided and tells_of_tools(text, tools):
        said = "The user cannot call your tools and did not ask about them."
        yield _Urge(f"{said} {_asked(progress)} Answer that, or call a tool now.")
    if progress.failed and "```" in text:
        said = "The last call failed, and what you describe is in no file yet. Put it there now with a tool."
        yield _Urge(said, must_call=True)


def _asked(progress: Progress) -> str:
    """What the user said, once more: small models lose it over what they found."""
    words = " ".join(progress.asked.split())
    return f"They asked: {words if len(words) <= _MOST_ASKED else words[:_MOST_ASKED] + '…'}"
