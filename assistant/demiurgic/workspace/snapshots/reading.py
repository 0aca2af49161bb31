"""What a look at the workspace found, made into a state: files that changed are read, the others are known."""

import os
from collections.abc import Mapping

from demiurgic.workspace.snapshots.archive import Import, git_mode
from demiurgic.workspace.snapshots.contents import Changing, Content, pieces, read_content
from demiurgic.workspace.snapshots.memory import Memory, Signs, signs
from demiurgic.workspace.snapshots.scan import Found, Tree
from demiurgic.workspace.snapshots.state import Kept, State, Why


class Reading:
    """A state, and how it differs from the one that is remembered.

    No more than `room` bytes are held in memory; what is beyond is read again when it is saved.
    """

    def __init__(self, tree: Tree, found: Found, memory: Memory, room: int) -> None:
        self._tree, self._memory = tree, memory
        self._files: dict[str, Kept] = {}
        self._signs: dict[str, Signs] = {}
        self._left = dict(found.left)
        self._contents: dict[str, Content] = {}
        self._room = room
        for path, status in found.files.items():
            if known := memory.known(path, status):
                self._files[path], self._signs[path] = known, memory.signs[path]
            else:
                self._read(path, status)
        self.state = State(self._files, found.folders, self._left)
        self._gone = memory.files.keys() - self._files.keys()

    @property
    def same(self) -> bool:
        """Whether no file differs from what is remembered."""
        return not self._gone and not self._changed()

    def write(self, into: Import) -> None:
        """Save what differs. Raises Changing if a file was written to meanwhile."""
        for path in sorted(self._gone):
            into.delete(path)
        for path in sorted(self._changed()):
            kept, content, before = self._files[path], self._contents[path], self._memory.files.get(path)
            mode = git_mode(path, kept.mode)
            if before and before.blob == kept.blob:
                into.again(path, mode, kept.blob)
            else:
                into.put(path, mode, content.size, pieces(self._tree, path, content))

    def remembered(self, snapshot: str, tree: str, about: str) -> Memory:
        """What is known once this state is saved."""
        return Memory(snapshot, tree, about, self._files, self._signs)

    @property
    def learned(self) -> bool:
        """Whether files were read, so that more is known than before."""
        return bool(self._contents)

    def _changed(self) -> Mapping[str, Content]:
        return {path: it for path, it in self._contents.items() if self._memory.files.get(path) != self._files[path]}

    def _read(self, path: str, status: os.stat_result) -> None:
        try:
            content = read_content(self._tree, path, status, keep=self._room)
        except FileNotFoundError:
            return
        except OSError:
            self._left[path] = Why.UNREADABLE
            return
        except Changing:
            self._left[path] = Why.CHANGING
            return
        self._room -= len(content.data or b"")
        self._contents[path] = content
        self._files[path] = Kept(content.status.st_mode, content.blob)
        if content.at_rest:
            self._signs[path] = signs(content.status)
