"""What writing tools share: a change is computed first, shown, and made only if it is still the same file."""

from dataclasses import dataclass

from demiurgic.errors import ToolFailed
from demiurgic.tools.places import place_to_write, telling_the_model
from demiurgic.tools.protocol import DiffView, Effect, EffectKind, Outcome, Surroundings, TextView
from demiurgic.tools.syntax import problem_in
from demiurgic.tools.textfile import TextFile, decoded, fingerprint
from demiurgic.workspace.shown import visible_name

_LARGEST = 32 << 20


@dataclass(frozen=True, slots=True)
class FileNow:
    """A file of the workspace as it is before a change. `file` is None where there is none yet."""

    path: str
    data: bytes | None
    file: TextFile | None

    @property
    def shown(self) -> str:
        return visible_name(self.path)


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """A file's new content, and what to say when it is written."""

    before: FileNow
    after: TextFile
    said: str

    @property
    def effects(self) -> tuple[Effect, ...]:
        return (Effect(EffectKind.WRITE, self.before.path),)

    @property
    def view(self) -> DiffView:
        return DiffView(self.before.path, self.before.file.text if self.before.file else None, self.after.text)

    def run(self, around: Surroundings) -> Outcome:
        with telling_the_model():
            now = _content(around, self.before.path)
            if now != self.before.data:
                raise ToolFailed(f"{self.before.shown} was changed by somebody else meanwhile", "read it again")
            around.workspace.write(self.before.path, self.after.data())
        problem = problem_in(self.before.path, self.after.text)
        return Outcome(f"{self.said}\n{problem}" if problem else self.said, wrote=(self.before.path,))


@dataclass(frozen=True, slots=True)
class Unfit:
    """A change that cannot be made, for a reason that tells what the file holds: for whoever may read the file."""

    path: str
    reason: ToolFailed

    @property
    def effects(self) -> tuple[Effect, ...]:
        return (Effect(EffectKind.READ, self.path),)

    @property
    def view(self) -> TextView:
        return TextView(f"read {visible_name(self.path)}")

    def run(self, around: Surroundings) -> Outcome:
        raise self.reason


def file_now(around: Surroundings, argument: str) -> FileNow:
    """The file that a call means to change. Raises ToolFailed if it is no text."""
    path = place_to_write(around.workspace, argument)
    with telling_the_model():
        data = _content(around, path)
    if data is None:
        return FileNow(path, None, None)
    file = decoded(data)
    if file is None:
        raise ToolFailed(f"{visible_name(path)} is a binary file, not text")
    return FileNow(path, data, file)


def existing_file(around: Surroundings, argument: str) -> tuple[FileNow, TextFile]:
    """The same for a file that must be there."""
    now = file_now(around, argument)
    if now.file is None:
        with telling_the_model():
            around.workspace.read(now.path)  # says what is there instead
        raise ToolFailed(f"{now.shown} came into being just now", "read it")
    return now, now.file


def is_stale(now: FileNow, around: Surroundings) -> bool:
    """Whether the file changed since the model saw it."""
    seen = around.seen.get(now.path)
    return seen is not None and now.data is not None and seen != fingerprint(now.data)


def _content(around: Surroundings, path: str) -> bytes | None:
    entry = around.workspace.stat(path)
    if entry is None:
        return None
    if entry.size > _LARGEST:
        raise ToolFailed(f"{visible_name(path)} is larger than {_LARGEST >> 20} MB", "change it with a program")
    return around.workspace.read(path)
