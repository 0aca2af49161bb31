"""Opens sandboxes on a Docker engine of this machine."""

import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from demiurgic.errors import SandboxError
from demiurgic.sandbox.docker.binds import BindPlan
from demiurgic.sandbox.docker.engine import Engine
from demiurgic.sandbox.docker.image import Origin, build_image, image_name
from demiurgic.sandbox.docker.pool import Pool, remove_strays
from demiurgic.sandbox.docker.sandbox import DockerSandbox, Ground
from demiurgic.sandbox.local import usable_workspace
from demiurgic.sandbox.probing import probe
from demiurgic.sandbox.protocol import Guard, Policy, Probe
from demiurgic.sandbox.seccomp import docker_profile, this_machine
from demiurgic.sandbox.strays import name_prefix

DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
BUILD_HINT = "build it: demiurgic doctor --build-sandbox"


class DockerBackend:
    """Satisfies `Backend`. `address` is where the engine listens."""

    name = "docker"

    def __init__(self, address: str = "") -> None:
        self._address = address or DEFAULT_ADDRESS

    def probe(self) -> Probe:
        """Start a container, and try in it what must work and what must be refused."""
        return probe(self.open)

    def open(self, policy: Policy) -> DockerSandbox:
        """Raises SandboxError where no engine answers or its image is missing."""
        policy = replace(policy, workspace=usable_workspace(policy.workspace))
        with ExitStack() as stack:
            engine = stack.enter_context(closing(Engine(self._address)))
            masks = stack.enter_context(TemporaryDirectory(prefix=name_prefix("masks")))
            plan = stack.enter_context(closing(BindPlan(policy, Path(masks))))
            ground = _ground(engine, policy)
            remove_strays(engine)
            pool = Pool(engine, session=secrets.token_hex(8), spare=os.cpu_count() or 1)
            return DockerSandbox(ground, plan, pool, stack.pop_all().close)

    def build_image(self, say: Callable[[str], None], origin: Origin | None = None) -> str:
        """Build the image that containers are made of, and tell of it as it goes. Returns its name."""
        with closing(Engine(self._address)) as engine:
            return build_image(engine, say, origin)


def _ground(engine: Engine, policy: Policy) -> Ground:
    image = image_name()
    if not engine.has_image(image):
        raise SandboxError(f"the engine has no image {image}", BUILD_HINT)
    facts = engine.facts()
    missing = _missing(facts, policy)
    return Ground(
        engine=engine,
        image=image,
        user=_user(facts, policy),
        seccomp=json.dumps(_profile()),
        enforced=frozenset(Guard) - missing.keys(),
        warning=" ".join(missing.values()),
    )


def _missing(facts: Mapping[str, Any], policy: Policy) -> dict[Guard, str]:
    """What this engine does not enforce, and a sentence on each."""
    missing: dict[Guard, str] = {}
    if policy.network:
        missing[Guard.NETWORK] = "The network is open."
    if not facts.get("MemoryLimit"):
        missing[Guard.MEMORY] = missing[Guard.MEMORY_TOTAL] = "The engine cannot limit memory."
    if not facts.get("PidsLimit"):
        missing[Guard.PROCESSES] = "The engine cannot limit the number of processes."
    if not any("seccomp" in option for option in facts.get("SecurityOptions", [])):
        missing[Guard.SYSCALLS] = "The engine cannot filter system calls."
    return missing


def _user(facts: Mapping[str, Any], policy: Policy) -> tuple[int, int]:
    """Who programs run as, so that what they write belongs to the caller."""
    if any("rootless" in option for option in facts.get("SecurityOptions", [])):
        return 0, 0
    if sys.platform != "linux" or os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    owner = policy.workspace.stat()
    return owner.st_uid, owner.st_gid


def _profile() -> dict[str, Any]:
    """The filter of all sandboxes, less one rule: in a container, to signal everybody is to signal one's own."""
    profile: dict[str, Any] = docker_profile(this_machine())
    profile["syscalls"] = [rule for rule in profile["syscalls"] if rule["names"] != ["kill"]]
    return profile
