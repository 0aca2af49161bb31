"""From names to teachers. They are the runtime's names of models; a provider's alone means the price list's model."""

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

from demiurgic.compose.chat import Remote, default_model, open_chat, remote
from demiurgic.config import Settings
from demiurgic.errors import UserError
from demiurgic_training.teachers.crew import CrewTeacher
from demiurgic_training.teachers.desk import FREE, Hired
from demiurgic_training.teachers.prices import PriceList
from demiurgic_training.teachers.protocol import Teacher
from demiurgic_training.teachers.remote import RemoteTeacher

LOCAL = "local"
"""Means the model of the settings."""
_MANY, _FOR_ONE = 48, 16
"""So many questions at once are put by several processes, each of which has about so many of them."""
_CONTEXT = 8192
"""Tokens for each question with its answer, where the settings name no context."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How APIs are asked: so many questions at once, from here or from the nodes of the Ray cluster at an address."""

    parallel: int = 1
    ray: str | None = None


def hire(
    names: Iterable[str], settings: Settings, prices: PriceList, opened: ExitStack, reach: Reach
) -> dict[str, Hired]:
    """The teachers of these names with their prices. Prices and keys are looked up before any model is loaded or
    cluster joined. Raises UserError."""
    own = settings.model or default_model(settings)
    wanted = {name: own if name == LOCAL else prices.full_name(name) for name in names}
    remote_ones = {full: there for full in wanted.values() if (there := remote(settings, full))}
    costs = {name: prices.price(full) for name, full in wanted.items() if full in remote_ones}
    ask_through = _asking(reach, bool(remote_ones), opened)
    hired: dict[str, Hired] = {}
    for name, full in wanted.items():
        there = remote_ones.get(full)
        teacher = ask_through(full, there) if there else open_teacher(full, settings)
        opened.callback(teacher.close)
        hired[name] = Hired(teacher, costs.get(name, FREE))
    return hired


def _asking(reach: Reach, any_remote: bool, opened: ExitStack) -> Callable[[str, Remote], Teacher]:
    if reach.ray is None:
        return partial(_from_here, reach.parallel)
    if not any_remote:
        raise UserError("--ray is for questions to APIs, and none of the teachers has one", "leave it out")
    from demiurgic_training.teachers.cluster_crew import ClusterTeacher, joined

    ray = opened.enter_context(joined(reach.ray))
    return lambda name, there: ClusterTeacher(ray, partial(_open_remote, there), name, reach.parallel)


def _from_here(parallel: int, name: str, there: Remote) -> Teacher:
    if parallel < _MANY:
        return _open_remote(there)
    processes = max(1, min(len(os.sched_getaffinity(0)), parallel // _FOR_ONE))
    return CrewTeacher(partial(_open_remote, there), name, processes)


def open_teacher(name: str, settings: Settings) -> Teacher:
    """One teacher, without its price."""
    if there := remote(settings, name):
        return _open_remote(there)
    from demiurgic_training.teachers.local import LocalTeacher

    wishes = replace(settings, context=settings.context or _CONTEXT, disk_cache=0)
    return LocalTeacher(open_chat(wishes, name, separate=True))


def _open_remote(there: Remote) -> RemoteTeacher:
    if there.api == "anthropic":
        from demiurgic.chat.anthropic_api import reach
        from demiurgic_training.teachers.anthropic import AnthropicWire

        return RemoteTeacher(AnthropicWire(reach(there.model, there.url, there.key, many=True)))
    from demiurgic.chat.openai_api import reach as reach_openai
    from demiurgic_training.teachers.openai import OpenAIWire

    return RemoteTeacher(OpenAIWire(reach_openai(there.model, there.url, there.key, many=True)))
