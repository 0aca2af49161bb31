"""What bubblewrap is told: a root with nothing in it but the system, the workspace, and what the policy names.

Every file system in it is either read-only or bounded in size, but for the workspace and what `disk` watches.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from demiurgic.sandbox.covers import Covers
from demiurgic.sandbox.protocol import Limits, Policy
from demiurgic.sandbox.stage import Stage

USER = 1000
"""Who a program believes to be."""
HOME = "/tmp/home"

_ROOT_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_SETTINGS = (
    "alternatives ca-certificates host.conf ld.so.cache ld.so.conf ld.so.conf.d localtime magic mime.types "
    "nsswitch.conf pki/ca-trust pki/tls/certs protocols services ssl/certs ssl/openssl.cnf terminfo timezone"
)
_SETTINGS_FOR_NETWORK = "resolv.conf hosts"
_SHARED_MEMORY = 64 << 20


@dataclass(frozen=True, slots=True)
class Props:
    """Files of our own that stand in for others. `folder` holds them all."""

    folder: Path

    def make(self) -> None:
        """Write them, for everybody to read."""
        self.folder.chmod(0o755)
        (self.folder / "passwd").write_text(
            f"user:x:{USER}:{USER}::{HOME}:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n"
        )
        (self.folder / "group").write_text(f"user:x:{USER}:\nnogroup:x:65534:\n")
        (self.folder / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
        (self.folder / "empty").touch()
        (self.folder / "void").mkdir()


@dataclass(frozen=True, slots=True)
class View:
    """What programs will see."""

    policy: Policy
    interpreter: Sequence[Path]
    covers: Covers
    props: Props
    stage: Stage
    writable: bool


def namespaces(policy: Policy, descriptors: Mapping[str, int]) -> Iterator[str]:
    """All namespaces anew, and who a program is in them."""
    yield from ("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--cap-drop", "ALL")
    yield from ("--uid", str(USER), "--gid", str(USER), "--hostname", "sandbox", "--clearenv")
    if policy.network:
        yield "--share-net"
    for name, descriptor in descriptors.items():
        yield from (f"--{name}", str(descriptor))


def mounts(view: View, limits: Limits) -> Iterator[str]:
    """The files that there are. What comes later lies on top."""
    yield from _system(view)
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--perms", "1777", "--size", str(_SHARED_MEMORY), "--tmpfs", "/dev/shm")
    temporary = min(limits.disk, max(_SHARED_MEMORY, limits.memory // 4))
    yield from ("--perms", "1777", "--size", str(temporary), "--tmpfs", "/tmp", "--dir", HOME)
    for folder in sorted({*view.interpreter, *view.policy.readable}):
        yield from ("--ro-bind", str(view.stage.place(folder)), str(folder))
    yield from _workspace(view)
    for folder in ("/proc", "/dev", "/"):
        yield from ("--remount-ro", folder)


def _system(view: View) -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name in _ROOT_FOLDERS:
        path = Path("/") / name
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in f"{_SETTINGS} {_SETTINGS_FOR_NETWORK if view.policy.network else ''}".split():
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    for name in ("passwd", "group", *(() if view.policy.network else ("hosts",))):
        yield from ("--ro-bind", str(view.stage.place(view.props.folder / name)), f"/etc/{name}")


def _workspace(view: View) -> Iterator[str]:
    root, covers, place = view.policy.workspace, view.covers, view.stage.place
    bind = "--bind" if view.writable else "--ro-bind"
    for path in (root, *covers.anchored):
        yield from (bind, str(place(path)), str(path))
    for path in covers.protected:
        yield from ("--ro-bind", str(place(path)), str(path))
    for path in covers.hidden_files:
        yield from ("--ro-bind", str(place(view.props.folder / "empty")), str(path))
    for path in covers.hidden_folders:
        yield from ("--ro-bind", str(place(view.props.folder / "void")), str(path))
