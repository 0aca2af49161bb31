"""Settings, read once and in one place: defaults, then files, then the environment, then flags.

Nothing else in the program reads the environment or a settings file. A project's own file comes with a folder that
somebody may have cloned: it may choose among what is allowed here, and never where the program goes or what it trusts.
"""

import difflib
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_type_hints

from platformdirs import user_cache_path, user_config_path, user_state_path

from demiurgic.errors import ConfigError
from demiurgic.modes import Mode
from demiurgic_models.reading import read_toml

_PREFIX = "DEMIURGIC_"
_NOT_SETTINGS = ("DEMIURGIC_CONFIG", "DEMIURGIC_API_KEY")
_MISTYPED = 0.75
"""How like a setting's name a variable must look to be taken for a slip and not for somebody else's."""
_PROJECT_FILE = Path(".demiurgic") / "config.toml"
_PROJECT_MAY_SET = frozenset(("model", "context", "threads", "parallel", "temperature", "offline", "approve"))
_SECRETS = {
    "openai_key": "OPENAI_API_KEY",
    "anthropic_key": "ANTHROPIC_API_KEY",
    "server_key": "DEMIURGIC_API_KEY",
    "serve_keys": "DEMIURGIC_SERVE_KEYS",
    "hub_token": "HF_TOKEN",
}
_HOST_KEYS = ("OPENROUTER_API_KEY", "ZAI_API_KEY", "ZHIPUAI_API_KEY")


_RANGES: dict[str, tuple[int, float]] = {
    "context": (1, math.inf),
    "threads": (1, 512),
    "parallel": (1, 256),
    "temperature": (0, 100),
    "memory_cache": (0, math.inf),
    "disk_cache": (0, math.inf),
}

MODES = tuple(mode.value for mode in Mode)
"""How much the agent may do unasked, the least first."""

SANDBOXES = ("auto", "docker", "bubblewrap", "landlock", "process")
"""Kinds of sandbox, the strongest first; auto takes the first that works."""


@dataclass(frozen=True, slots=True)
class ServerSetting:
    """An MCP server of the user's: a name, and how it is started."""

    name: str
    command: str
    arguments: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """What it is given beside what all child processes inherit. May hold keys."""


@dataclass(frozen=True, slots=True)
class HookSetting:
    """A command of the user's that runs `before` or `after` a tool, or all of them."""

    when: Literal["before", "after"]
    command: tuple[str, ...]
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set."""

    model: str | None = None
    """A name of the registry, a .gguf file, openai:NAME, anthropic:NAME or a URL; none: what suits this machine."""
    context: int | None = None
    """Tokens that a conversation may hold; none: what the model was trained for, as far as memory allows."""
    threads: int | None = None
    """Threads that evaluate; none: chosen while running, by measuring."""
    parallel: int = 16
    """Requests evaluated together."""
    gpu_layers: int | None = None
    """Layers on the GPU; none: all, where there is one."""
    temperature: float | None = None
    """None: greedy, or what the model's makers recommend."""
    offline: bool = False
    """Never fetch anything."""
    approve: str = "ask"
    """What the agent may do unasked: plan, ask, edits or all."""
    sandbox: str = "auto"
    """docker, bubblewrap, landlock or process; auto: the strongest that works here."""
    allow_process: bool = False
    """Whether `auto` may settle for process, which keeps programs from nothing."""
    docker: str = ""
    """Where the docker engine listens; empty: DOCKER_HOST, or its usual place."""
    fetch: bool = False
    """Whether the agent may be given a tool that reads web pages."""
    models_dir: Path = field(default_factory=lambda: user_cache_path("demiurgic") / "models")
    """Where model files lie."""
    cache_dir: Path = field(default_factory=lambda: user_cache_path("demiurgic") / "prefixes")
    """Where evaluated prefixes are kept between runs."""
    state_dir: Path = field(default_factory=lambda: user_state_path("demiurgic"))
    """Where logs are kept."""
    memory_cache: int = 512
    """Megabytes of evaluated prefixes kept in memory."""
    disk_cache: int = 2048
    """Megabytes of evaluated prefixes kept on disk; 0 keeps none."""
    mirror: str | None = None
    """A web folder that holds model files, asked first."""
    hub_endpoint: str | None = None
    """Another address of the Hugging Face hub."""
    registry: Path | None = None
    """A registry file of your own; none: registry.toml beside your config file, if it is there."""
    prices: Path | None = None
    """A list of your own of what teachers cost; what it says goes before the list that comes with the program."""
    mcp: tuple[ServerSetting, ...] = ()
    """From [mcp.NAME] tables of your own config file only."""
    hooks: tuple[HookSetting, ...] = ()
    """From [[hooks]] tables of your own config file only."""
    openai_key: str | None = field(default=None, repr=False)
    """From OPENAI_API_KEY only."""
    anthropic_key: str | None = field(default=None, repr=False)
    """From ANTHROPIC_API_KEY only."""
    server_key: str | None = field(default=None, repr=False)
    """From DEMIURGIC_API_KEY only: for servers that are named by their URL."""
    hub_token: str | None = field(default=None, repr=False)
    """From HF_TOKEN only."""
    host_keys: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """From OPENROUTER_API_KEY, ZAI_API_KEY and ZHIPUAI_API_KEY only: for those hosts, named by their URL."""
    serve_keys: str | None = field(default=None, repr=False)
    """From DEMIURGIC_SERVE_KEYS only: keys that let clients in, apart by spaces."""
    environment: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """What child processes inherit, the keys above taken out."""

    @property
    def own_registry(self) -> Path:
        """Where the user's own models are known by name, whether that file is there or not."""
        return self.registry or user_config_path("demiurgic") / "registry.toml"

    @property
    def registries(self) -> tuple[Path, ...]:
        """Files that add to the models that come with the program. One that was named must be there."""
        return (self.own_registry,) if self.registry or self.own_registry.is_file() else ()


_TYPES: dict[str, Any] = get_type_hints(Settings)
_TABLES = ("mcp", "hooks")
_NAMES = tuple(f.name for f in fields(Settings) if f.name not in (*_SECRETS, *_TABLES, "host_keys", "environment"))


def load_settings(folder: Path, flags: Mapping[str, object] | None = None) -> Settings:
    """The settings that hold in a folder."""
    environment = dict(os.environ)
    chosen: dict[str, object] = {}
    user_file = user_config_path("demiurgic") / "config.toml"
    path = Path(environment.get("DEMIURGIC_CONFIG", user_file))
    table = _table(path)
    chosen |= {name: read(table.pop(name), str(path)) for name, read in _READERS.items() if name in table}
    chosen |= _values(table, str(path))
    project = _from_project(folder / _PROJECT_FILE)
    narrowed = project.pop("approve", None)
    chosen |= project
    chosen |= _from_environment(environment)
    chosen |= {name: value for name, value in (flags or {}).items() if value is not None}
    chosen.setdefault("docker", environment.get("DOCKER_HOST", ""))
    _check_mode(chosen.get("approve", "ask"))
    if narrowed is not None and MODES.index(str(narrowed)) < MODES.index(str(chosen.get("approve", "ask"))):
        chosen["approve"] = narrowed
    _check_ranges(chosen)
    settings = replace(Settings(), **chosen)  # pyright: ignore[reportArgumentType]
    secrets = {name: environment.get(variable) or None for name, variable in _SECRETS.items()}
    hosts = tuple((key, environment[key]) for key in _HOST_KEYS if environment.get(key))
    keys = (*_SECRETS.values(), *_HOST_KEYS)
    inherited = tuple((key, value) for key, value in environment.items() if key not in keys)
    return replace(settings, **secrets, host_keys=hosts, environment=inherited)  # pyright: ignore[reportArgumentType]


def with_flags(settings: Settings, flags: Mapping[str, object]) -> Settings:
    """The settings with those flags that were given. Raises ConfigError."""
    given = {name: value for name, value in flags.items() if value is not None}
    _check_ranges(given)
    return replace(settings, **given)  # pyright: ignore[reportArgumentType]


def _from_project(path: Path) -> dict[str, object]:
    table = _table(path)
    if forbidden := sorted({*_NAMES, *_TABLES}.intersection(table) - _PROJECT_MAY_SET):
        raise ConfigError(
            f"{path} sets `{forbidden[0]}`, which a project may not set",
            "move it to your own config file, or delete it from the project's",
        )
    values = _values(table, str(path))
    _check_mode(values.get("approve", "ask"))
    model = values.get("model")
    if isinstance(model, str) and ("/" in model or ":" in model):
        raise ConfigError(f"{path} sets `model` to {model!r}; a project may only name a model of the registry")
    if values.get("offline") is False:
        raise ConfigError(f"{path} sets `offline` to false; a project may only set it to true")
    return values


def _table(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", "mend it, or do without it") from error


def _values(table: Mapping[str, object], where: str) -> dict[str, object]:
    return {name: _converted(name, value, where) for name, value in table.items()}


def _check_mode(mode: object) -> None:
    if mode not in MODES:
        raise ConfigError(f"`approve` is {mode!r}; one of {', '.join(MODES)} is expected")


def _check_ranges(values: Mapping[str, object]) -> None:
    for name, (least, most) in _RANGES.items():
        value = values.get(name, least)
        if not isinstance(value, int | float) or not least <= value <= most:
            upper = f"to {most:g}" if math.isfinite(most) else "on"
            raise ConfigError(f"`{name}` is {value}; a number from {least} {upper} is expected")


def _servers(tables: Any, where: str) -> tuple[ServerSetting, ...]:  # noqa: ANN401 - whatever the file holds
    try:
        return tuple(ServerSetting(name, *_command(table["command"])) for name, table in tables.items())
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{where}: [mcp.NAME] needs `command`, a list of words") from error


def _hooks(tables: Any, where: str) -> tuple[HookSetting, ...]:  # noqa: ANN401 - whatever the file holds
    try:
        hooks = tuple(_hook(table) for table in tables)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{where}: [[hooks]] needs `when` and `command`, a list of words") from error
    if wrong := [hook.when for hook in hooks if hook.when not in ("before", "after")]:
        raise ConfigError(f"{where}: a hook runs `before` or `after`, not {wrong[0]!r}")
    return hooks


def _hook(table: Any) -> HookSetting:  # noqa: ANN401 - whatever the file holds
    program, words = _command(table["command"])
    return HookSetting(table["when"], (program, *words), tuple(table.get("tools", ())))


def _command(words: Any) -> tuple[str, tuple[str, ...]]:  # noqa: ANN401 - whatever the file holds
    program, *arguments = words
    if isinstance(words, str) or not all(isinstance(word, str) for word in (program, *arguments)):
        raise ValueError(words)
    return program, tuple(arguments)


_READERS: dict[str, Callable[[Any, str], object]] = {"mcp": _servers, "hooks": _hooks}


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for variable, text in environment.items():
        name = variable.removeprefix(_PREFIX).lower()
        empty = not text and str not in _kinds(name)  # an empty path would be the current folder
        if variable.startswith(_PREFIX) and variable not in _NOT_SETTINGS and _meant(name) and not empty:
            values[name] = _converted(name, _parsed(name, text), f"the variable {variable}")
    return values


def _meant(name: str) -> bool:
    return bool(difflib.get_close_matches(name, _NAMES, n=1, cutoff=_MISTYPED))


def _parsed(name: str, text: str) -> object:
    """A variable's text as the value that its setting expects."""
    kinds = _kinds(name)
    if bool in kinds:
        return {"1": True, "true": True, "0": False, "false": False, "": False}.get(text.lower(), text)
    for kind in (int, float):
        if kind in kinds:
            try:
                return kind(text)
            except ValueError:
                return text
    return text


def _converted(name: str, value: object, where: str) -> object:
    if name not in _NAMES:
        near = difflib.get_close_matches(name, _NAMES, n=1)
        raise ConfigError(f"{where} sets `{name}`, which is not known", f"did you mean `{near[0]}`?" if near else "")
    kinds = _kinds(name)
    if Path in kinds and isinstance(value, str):
        return Path(value).expanduser()
    if float in kinds and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) not in kinds:
        wanted = " or ".join(kind.__name__ for kind in kinds if kind is not type(None))
        raise ConfigError(f"{where} sets `{name}` to {value!r}; {wanted} is expected")
    return value


def _kinds(name: str) -> tuple[type, ...]:
    hint = _TYPES.get(name, str)
    return get_args(hint) if isinstance(hint, UnionType) else (hint,)
