"""git, run so that nothing of the user's repository or settings takes part in it.

Its directory is ours, its settings are these here, and it never looks at the workspace: it is given bytes and gives
bytes. So there are no filters, no attributes, no hooks and no line ends to be converted.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import IO

from demiurgic.errors import WorkspaceError

_PATIENCE = 600
_SETTINGS = {
    "core.bare": "true",
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.attributesFile": os.devnull,
    "core.excludesFile": os.devnull,
    "core.autocrlf": "false",
    "core.protectNTFS": "false",
    "core.protectHFS": "false",
    "core.compression": "1",
    "core.fsync": "committed,loose-object",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.allow": "never",
}


def find_git(search: str, never_below: Path) -> Path:
    """The git program in a PATH. One that lies in the user's folder, or is found from wherever we are, is not taken."""
    folders = [folder for folder in search.split(os.pathsep) if Path(folder).is_absolute()]
    found = [Path(program) for folder in folders if (program := shutil.which("git", path=folder))]
    for program in found:
        if not program.resolve().is_relative_to(never_below.resolve()):
            return program
    if found:
        raise WorkspaceError(
            f"{found[0]} lies in the folder that is worked in, so it cannot be trusted with the folder's states",
            "work in a folder of a project",
        )
    raise WorkspaceError("git is not installed, so no state of the folder can be saved", "install git")


class Git:
    """The program and our directory."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program, self.folder = program, folder

    def make(self) -> None:
        """Make the directory, if it is not there yet, and clear away what a killed process left in it."""
        if not (self.folder / "HEAD").exists():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.run("init", "--quiet", "--bare", "--template=", str(self.folder))
        for pattern in ("*.lock", "refs/snapshots/*.lock", "objects/pack/tmp_*", "fast_import_crash_*"):
            for left in self.folder.glob(pattern):
                left.unlink(missing_ok=True)

    def run(self, *arguments: str, stdin: bytes = b"", index: Path | None = None) -> bytes:
        """What a command writes. Raises WorkspaceError if it fails."""
        try:
            done = subprocess.run(
                self._command(arguments),
                input=stdin,
                capture_output=True,
                env=self._environment(index),
                cwd=self.folder,
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise WorkspaceError(f"git could not be run: {error}") from error
        if done.returncode:
            raise self._failed(arguments[0], done.stderr)
        return done.stdout

    @contextlib.contextmanager
    def writing_to(self, *arguments: str) -> Generator[IO[bytes]]:
        """A command that reads what is written. It is killed if the writer fails, and its failure is told."""
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                self._command(arguments),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=self._environment(None),
                cwd=self.folder,
            )
            assert process.stdin is not None
            try:
                with contextlib.suppress(BrokenPipeError):  # it ended early; its exit code says so below
                    yield process.stdin
                    process.stdin.close()
            except BaseException:
                process.kill()
                raise
            finally:
                code = process.wait()
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
            if code:
                errors.seek(0)
                raise self._failed(arguments[0], errors.read())

    @contextlib.contextmanager
    def blobs(self) -> Generator["Blobs"]:
        """A way to read what is saved, bytes by bytes."""
        process = subprocess.Popen(
            self._command(("cat-file", "--batch")),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environment(None),
            cwd=self.folder,
        )
        with process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                yield Blobs(process.stdin, process.stdout)
            finally:
                process.kill()

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        return [str(self._program), *settings, *arguments]

    def _environment(self, index: Path | None) -> Mapping[str, str]:
        return {
            "PATH": os.defpath,
            "HOME": str(self.folder),
            "LC_ALL": "C",
            "GIT_DIR": str(self.folder),
            "GIT_INDEX_FILE": str(index or self.folder / "index"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }

    def _failed(self, command: str, stderr: bytes) -> WorkspaceError:
        lines = stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        hint = "free some room on the disk" if "No space left" in lines[0] or "too large" in lines[0] else ""
        return WorkspaceError(
            f"the folder's states in {self.folder} could not be used: git {command}: {lines[0]}", hint
        )


class Blobs:
    """Saved bytes, read by their names."""

    def __init__(self, asking: IO[bytes], answering: IO[bytes]) -> None:
        self._asking, self._answering = asking, answering

    def read(self, blob: str) -> Iterator[bytes]:
        """A blob's bytes in pieces, which must be read to their end. Raises WorkspaceError where it is not there."""
        try:
            self._asking.write(blob.encode() + b"\n")
            self._asking.flush()
            head = self._answering.readline().split()
        except OSError as error:
            raise WorkspaceError(f"git ended while saved states were read: {error.strerror}") from error
        if len(head) != 3:
            raise WorkspaceError(f"the saved state is damaged: {blob} is missing")
        left = int(head[2]) + 1  # a line end follows
        while left:
            piece = self._answering.read(min(left, 1 << 20))
            if not piece:
                raise WorkspaceError("git ended while saved states were read")
            left -= len(piece)
            yield piece if left else piece[:-1]
