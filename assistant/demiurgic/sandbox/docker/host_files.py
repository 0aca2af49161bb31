"""The few files of this machine that make a root in which Python, a shell and git run.

For machines where no registry answers: what is already installed here is enough. Nothing of the user's is taken: the
interpreter and its standard library, the named tools and the shared libraries that they name. No package manager, no
certificates, no third-party modules.
"""

import io
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from demiurgic.errors import SandboxError

# fmt: off
TOOLS = (
    "sh", "bash", "env", "echo", "pwd", "true", "false", "ls", "cat", "cp", "mv", "rm", "mkdir", "rmdir", "ln",
    "touch", "chmod", "head", "tail", "wc", "sort", "uniq", "cut", "paste", "tr", "tee", "nl", "date", "sleep",
    "basename", "dirname", "realpath", "readlink", "stat", "du", "df", "id", "whoami", "uname", "nproc", "printf",
    "seq", "expr", "test", "[", "mktemp", "timeout", "nohup", "kill", "ps", "od", "md5sum", "sha256sum", "base64",
    "yes", "dd", "truncate", "split", "mkfifo", "sync", "grep", "egrep", "fgrep", "sed", "awk", "find", "xargs",
    "diff", "cmp", "patch", "tar", "gzip", "gunzip", "bzip2", "xz", "which", "file", "make", "git", "rg", "jq",
    "node", "setsid", "flock", "hostname", "tac", "comm", "shuf", "unzip",
)
# fmt: on
NEEDED = ("sh", "env", "cat")
SEARCH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
LEFT_OUT = frozenset(("site-packages", "dist-packages", "test", "idlelib", "turtledemo", "tkinter", "ensurepip"))
_LIBRARY = re.compile(r"(/\S+) \(0x[0-9a-f]+\)")
_PASSWD = b"root:x:0:0::/tmp:/bin/sh\nnobody:x:65534:65534::/tmp:/bin/sh\n"
_GROUP = b"root:x:0:\nnogroup:x:65534:\n"
_NETWORKED = ("git-remote-", "git-http-", "git-imap-", "git-daemon", "git-credential", "scalar")
_MERGED = ("bin", "sbin", "lib", "lib64")


def write_root(archive: Path) -> None:
    """Write a tar archive of such a root."""
    with tarfile.open(archive, "w") as tar:
        root = _Root(tar)
        for name in _MERGED:
            root.folder(f"/usr/{name}")
            root.link(f"/{name}", f"usr/{name}")
        for name in ("/tmp", "/proc", "/sys", "/dev"):
            root.folder(name)
        root.text("/etc/passwd", _PASSWD)
        root.text("/etc/group", _GROUP)
        programs = [*_add_python(root), *_add_tools(root), *_add_git(root)]
        root.file(Path("/etc/ld.so.cache"))
        for library in libraries_of(programs):
            root.file(library)


class _Root:
    """A tar archive in which every name stands once, belongs to root and can be read by all."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._seen: set[str] = set()

    def folder(self, path: str) -> None:
        self._entry(path, tarfile.DIRTYPE, 0o755)

    def link(self, path: str, target: str) -> None:
        self._entry(path, tarfile.SYMTYPE, 0o777, target=target)

    def text(self, path: str, content: bytes) -> None:
        self._entry(path, tarfile.REGTYPE, 0o644, content)

    def file(self, path: Path) -> None:
        """A file of this machine under its own name. A link is replaced by what it leads to."""
        if path.is_file():
            mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
            self._entry(str(path), tarfile.REGTYPE, mode, path.read_bytes())

    def program(self, path: Path, name: str) -> Path:
        """A program where it really lies, and a link to it where everybody looks for it."""
        real = path.resolve()
        self.file(real)
        if _merged(str(real)) != f"/usr/bin/{name}":
            self.link(f"/usr/bin/{name}", str(real))
        return real

    def _entry(self, path: str, kind: bytes, mode: int, content: bytes = b"", target: str = "") -> None:
        name = _merged(path)
        if name in self._seen:
            return
        for parent in reversed(PurePosixPath(name).parents[:-1]):
            if str(parent) not in self._seen:
                self.folder(str(parent))
        self._seen.add(name)
        info = tarfile.TarInfo(name.lstrip("/"))
        info.type, info.mode, info.linkname, info.size = kind, mode, target, len(content)
        self._tar.addfile(info, io.BytesIO(content))


def _merged(path: str) -> str:
    """Where a path lies once /bin, /sbin and the /lib folders are links into /usr."""
    first = PurePosixPath(path).parts[1]
    return f"/usr{path}" if first in _MERGED and path != f"/{first}" else path


def _add_python(root: _Root) -> Iterator[Path]:
    base = Path(getattr(sys, "_base_executable", sys.executable))
    library = Path(sysconfig.get_path("stdlib")).resolve()
    yield root.program(base, "python3")
    root.link("/usr/bin/python", "python3")
    for path in _tree(library):
        root.file(path)
        if path.suffix == ".so":
            yield path


def _add_tools(root: _Root) -> Iterator[Path]:
    for name in TOOLS:
        found = shutil.which(name, path=SEARCH)
        if found:
            yield root.program(Path(found), name)
        elif name in NEEDED:
            raise SandboxError(f"this machine has no `{name}` to make a container of", "install coreutils and a shell")


def _add_git(root: _Root) -> Iterator[Path]:
    """What git keeps beside its program. Most of it are links to that program."""
    if shutil.which("git", path=SEARCH) is None:
        return
    told = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True)
    folder = Path(told.stdout.strip())
    git = (folder / "git").resolve()
    for path in _tree(folder):
        if path.resolve() == git:
            root.link(str(path), str(git))
        elif not path.name.startswith(_NETWORKED):
            root.file(path)
            yield path
    for path in _tree(Path("/usr/share/git-core/templates")):
        root.file(path)


def _tree(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not LEFT_OUT.intersection(parts) and not parts[0].startswith("config-"):
            yield path


def libraries_of(programs: Iterable[Path]) -> set[Path]:
    """The shared libraries that programs name, and those that these name, as the loader finds them here."""
    binaries = sorted({path for path in programs if _is_elf(path)})
    told = subprocess.run(["ldd", *map(str, binaries)], capture_output=True, text=True, check=False)
    return {Path(found) for found in _LIBRARY.findall(told.stdout)}


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"
