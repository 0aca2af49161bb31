"""What is asked of a Docker engine, and nothing more. Every failure of it is a SandboxError.

Only engines of this machine are asked, by their socket: a workspace cannot be mounted from elsewhere.
"""

import contextlib
import socket
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.types import LogConfig, Mount, Ulimit
from requests.exceptions import RequestException

from demiurgic.errors import SandboxError

LABEL = "demiurgic.sandbox"
ANSWER_SECONDS = 30
BUILD_SECONDS = 900
_CONFLICT = 409
_IN_MEMORY = "rw,nosuid,nodev,size={size},mode=0700,uid={user},gid={group},nr_inodes={files}"
_SHARED_MEMORY = 64 << 20


@dataclass(frozen=True, slots=True)
class Bind:
    """A file or folder of this machine as programs see it."""

    source: str
    target: str
    writable: bool
    identity: tuple[int, int]
    """Device and inode: the same name may lead to another file later."""


@dataclass(frozen=True, slots=True)
class Shape:
    """All that a container cannot change while it runs. Two of the same shape are interchangeable."""

    image: str
    binds: tuple[Bind, ...]
    writable: bool
    """Whether the workspace is."""
    user: tuple[int, int]
    memory: int
    processes: int
    scratch: int
    """Bytes that temporary folders hold."""
    files: int
    """How many files they hold."""
    cores: int
    """Of the processor. One is left to whoever waits for the program."""
    network: bool = False
    seccomp: str = field(default="", repr=False)


class Engine:
    """A connection to an engine. Threads may share it."""

    def __init__(self, address: str) -> None:
        if not address.startswith("unix://"):
            raise SandboxError(f"the engine at {address} is not of this machine", "name one by unix://PATH")
        with _failures("no Docker engine answers", "start Docker, or choose another sandbox"):
            with socket.socket(socket.AF_UNIX) as trial:
                trial.connect(address.removeprefix("unix://"))
            # The SDK's own types say little; what leaves this class is typed.
            self._api: Any = docker.APIClient(base_url=address, version="auto", timeout=ANSWER_SECONDS)

    def close(self) -> None:
        self._api.close()

    def facts(self) -> Mapping[str, Any]:
        """What the engine says of itself."""
        with _failures("the Docker engine does not say what it is"):
            return self._api.info()

    def has_image(self, name: str) -> bool:
        with _failures(f"the Docker engine does not say whether it has {name}"):
            try:
                self._api.inspect_image(name)
            except NotFound:
                return False
            return True

    def import_image(self, archive: Path, name: str) -> None:
        """Make an image of a tar archive that holds a root folder."""
        repository, _, tag = name.rpartition(":")
        with _failures(f"the Docker engine did not take {archive} as an image"):
            self._api.import_image_from_file(str(archive), repository=repository, tag=tag)

    def build_image(self, folder: Path, name: str) -> Iterator[str]:
        """Build a folder's Dockerfile. Yields what the builder says, line by line."""
        with _failures(f"the image {name} could not be built"):
            for step in self._api.build(
                path=str(folder), tag=name, rm=True, forcerm=True, decode=True, timeout=BUILD_SECONDS
            ):
                if "error" in step:
                    raise SandboxError(f"the image {name} could not be built: {str(step['error']).strip()}")
                yield str(step.get("stream", "")).rstrip()

    def create(self, shape: Shape, command: list[str], labels: Mapping[str, str]) -> str:
        with _failures("the container could not be made"):
            made = self._api.create_container(
                shape.image,
                command,
                user=f"{shape.user[0]}:{shape.user[1]}",
                stdin_open=True,
                network_disabled=not shape.network,
                labels=dict(labels),
                environment={"PATH": "/usr/local/bin:/usr/bin:/bin"},
                entrypoint=[],
                working_dir="/",
                host_config=self._confined(shape),
            )
            return str(made["Id"])

    def attach(self, container: str) -> "Stream":
        with _failures("the container could not be attached to"):
            return Stream(self._api.attach_socket(container, {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}))

    def start(self, container: str) -> None:
        with _failures("the container did not start"):
            self._api.start(container)

    def ended_for_memory(self, container: str) -> bool:
        """Whether the container ended because its first process did not fit any more."""
        with _failures("the Docker engine does not say how a container ended"):
            try:
                return bool(self._api.inspect_container(container)["State"]["OOMKilled"])
            except NotFound:
                return False

    def remove(self, container: str) -> None:
        """End it and all that runs in it. One that is gone or going already is no failure."""
        with _failures("a container could not be removed"):
            try:
                self._api.remove_container(container, force=True, v=True)
            except NotFound:
                return
            except APIError as error:
                if error.status_code != _CONFLICT:
                    raise

    def labelled(self, label: str = LABEL) -> dict[str, dict[str, str]]:
        """Containers that bear a label, running or not, with all the labels of each."""
        with _failures("the Docker engine does not list its containers"):
            found = self._api.containers(all=True, filters={"label": label})
            return {str(each["Id"]): dict(each["Labels"]) for each in found}

    def _confined(self, shape: Shape) -> dict[str, Any]:
        user, group = shape.user
        scratch = _IN_MEMORY.format(size=shape.scratch, user=user, group=group, files=shape.files)
        shared = _IN_MEMORY.format(size=_SHARED_MEMORY, user=user, group=group, files=shape.files)
        return self._api.create_host_config(
            network_mode="bridge" if shape.network else "none",
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges", f"seccomp={shape.seccomp}"],
            pids_limit=shape.processes + 1,
            mem_limit=shape.memory,
            memswap_limit=shape.memory,
            nano_cpus=shape.cores * 10**9,
            ipc_mode="none",
            log_config=LogConfig(type="none"),
            ulimits=[Ulimit(name="core", soft=0, hard=0)],
            tmpfs={"/tmp": scratch + ",exec", "/dev/shm": shared + ",noexec"},
            mounts=[_mount(bind) for bind in shape.binds],
        )


class Stream:
    """The standard streams of a container's first process, which the engine sends as one."""

    _HEADER = 8
    _STDERR = 2

    def __init__(self, opened: socket.SocketIO) -> None:
        self._opened = opened
        self._socket: socket.socket = opened._sock  # pyright: ignore - the SDK's own tests reach for it, too
        self._buffer = bytearray()
        self.complaints = b""
        """What came on standard error."""

    def write(self, data: bytes) -> None:
        with _failures("the container does not listen"):
            self._socket.sendall(data)

    def fileno(self) -> int:
        return self._socket.fileno()

    def read(self) -> bytes | None:
        """What has come on standard output; waits for something. None at the end."""
        with _failures("the container's stream broke"):
            data = self._socket.recv(1 << 16)
        if not data:
            return None
        self._buffer += data
        return b"".join(self._unwrapped())

    def hang_up(self) -> None:
        """Neither read nor write any more. Whoever is reading comes to the end."""
        with contextlib.suppress(OSError):  # the other side was faster
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._opened.close()
        self._socket.close()

    def _unwrapped(self) -> Iterator[bytes]:
        while len(self._buffer) >= self._HEADER:
            end = self._HEADER + int.from_bytes(self._buffer[4 : self._HEADER], "big")
            if len(self._buffer) < end:
                return
            kind, data = self._buffer[0], bytes(self._buffer[self._HEADER : end])
            del self._buffer[:end]
            if kind == self._STDERR:
                self.complaints = (self.complaints + data)[-2000:]
            else:
                yield data


def _mount(bind: Bind) -> Mount:
    mount = Mount(bind.target, bind.source, type="bind", read_only=not bind.writable, propagation="rprivate")
    if not bind.writable:
        # What is mounted beneath would stay writable.
        mount["BindOptions"]["NonRecursive"] = True
    return mount


@contextlib.contextmanager
def _failures(what: str, hint: str = "") -> Generator[None]:
    try:
        yield
    except (DockerException, RequestException, OSError) as error:
        told = error.explanation if isinstance(error, APIError) else error
        raise SandboxError(f"{what}: {told}", hint) from error
