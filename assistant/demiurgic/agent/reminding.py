"""What a model is told before its answer counts as the end of a turn.

Small ones end with nothing, with a call as text, or with what should be done; all claim now and then what they have not
done. Each is told once, plainly, what is missing; most then do it.
"""

from collections.abc import Collection

from demiurgic.agent.claims import meant_as_call, unfounded
from demiurgic.agent.progress import Progress
from demiurgic.events import Finish, ReplyEnded


def reminder(ended: ReplyEnded, progress: Progress, written: Collection[str], *, guided: bool) -> str:
    """What the model must hear; nothing where its answer counts. Notes in `progress` that it was told."""
    if broken := _broken(ended):
        progress.broken += 1
        return broken
    text = ended.message.text
    if not progress.urged and (urge := _urge(text, progress, guided=guided)):
        progress.urged, progress.must_call = True, progress.failed
        return urge
    if not progress.doubted and (missing := unfounded(text, written)):
        progress.doubted = True
        return f"You say that you changed {', '.join(missing)}, but nothing was written. Do it with a tool now."
    return ""


def _broken(ended: ReplyEnded) -> str:
    """What is wrong with a reply that is neither a call nor an answer."""
    if ended.rejected:
        problems = "\n".join(f"{call.name}: {call.problem}" for call in ended.rejected)
        return f"Your call was not carried out:\n{problems}"
    if ended.finish is Finish.LENGTH:
        return (
            "Your answer was cut off: it was too long, or it said the same again and again. "
            "Finish it in few words, or go on in smaller steps."
        )
    if name := meant_as_call(ended.message.text):
        return f"That was text and no call, and nothing was done. There is no tool {name} with such arguments."
    return ""


def _urge(text: str, progress: Progress, *, guided: bool) -> str:
    """What is missing where a turn ends with nothing, with a failure, or with what should be done."""
    if guided and progress.broke and "```" not in text:
        return "The last command failed. Mend what it complains of, or tell the user why that cannot be done."
    if progress.steps > 1 and not text.strip("` \n"):
        return "Your answer is empty. Tell the user in one sentence what came of it."
    if progress.failed and "```" in text:
        return "The last call failed, and what you describe is in no file yet. Put it there now with a tool."
    return ""
