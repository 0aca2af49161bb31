"""Rules in files: the user's, outside of the project, and the project's own, which can only forbid and ask.

A file that cannot be understood stops the program: rules that silently do not hold would be worse than none.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from filelock import FileLock, Timeout

from demiurgic.agent.permissions.rules import Decision, Rule, Rules
from demiurgic.errors import ConfigError
from demiurgic.workspace.state import project_folder
from demiurgic_models.files import write_beside
from demiurgic_models.reading import read_toml

PROJECT_FILE = Path(".demiurgic") / "rules.toml"
_SCOPES = ("path", "host", "target")
_PATIENCE = 10.0
_HEAD = "# What may be done in this folder without a question, and what may not. Written by Demiurgic; yours to edit.\n"


def rules_file(state_dir: Path, root: Path) -> Path:
    """Where the user's rules for a folder are kept."""
    return project_folder(state_dir, root) / "rules.toml"


def load_rules(state_dir: Path, root: Path) -> Rules:
    """All rules that are kept for a folder. Raises ConfigError."""
    project = _read(root / PROJECT_FILE)
    if any(rule.decision == "allow" for rule in project):
        raise ConfigError(
            f"{root / PROJECT_FILE} allows something, which a project's own file may not do",
            "delete that rule; what you allow yourself is kept elsewhere",
        )
    return Rules(user=_read(rules_file(state_dir, root)), project=project)


def remember(state_dir: Path, root: Path, rules: tuple[Rule, ...]) -> None:
    """Add rules to the user's own. Other processes may do so at the same time. Raises ConfigError."""
    path = rules_file(state_dir, root)
    try:
        with FileLock(path.with_suffix(".lock")).acquire(timeout=_PATIENCE):
            known = _read(path)
            fresh = tuple(rule for rule in dict.fromkeys(rules) if rule not in known)
            if fresh:
                write_beside(path, _HEAD + "".join(map(_written, (*known, *fresh))))
    except Timeout as error:
        raise ConfigError(f"{path} is held by another process", "wait for it, or stop it") from error
    except (OSError, UnicodeEncodeError) as error:
        raise ConfigError(f"{path} cannot be written: {error}") from error


def _read(path: Path) -> tuple[Rule, ...]:
    try:
        held = read_toml(path)
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", "mend it, or delete it") from error
    tables = held.pop("rule", [])
    if held or not isinstance(tables, list):
        raise ConfigError(f"{path} holds something else than rules", "each rule begins with [[rule]]")
    return tuple(_rule(path, number, table) for number, table in enumerate(tables, 1))  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]


def _rule(path: Path, number: int, table: Any) -> Rule:  # noqa: ANN401 - whatever the file holds
    where = f"rule {number} of {path}"
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where} is no table", "each rule begins with [[rule]]")
    fields: dict[str, Any] = dict(table)  # pyright: ignore[reportUnknownArgumentType]
    decision, tool, command = fields.pop("decision", None), fields.pop("tool", None), fields.pop("command", [])
    if decision not in get_args(Decision):
        raise ConfigError(f"{where} has no `decision` that is known", "allow, ask or deny")
    if not isinstance(tool, str) or not tool:
        raise ConfigError(f"{where} names no `tool`", 'tool = "shell", or tool = "*" for all')
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command):  # pyright: ignore[reportUnknownVariableType]
        raise ConfigError(f"{where} has a `command` that is no list of words", 'command = ["pytest", "-q"]')
    scopes = {name: fields.pop(name) for name in _SCOPES if name in fields}
    if fields or not all(isinstance(value, str) and value for value in scopes.values()):
        raise ConfigError(f"{where} has something in it that is not understood: {', '.join(fields) or 'a scope'}")
    if len(scopes) + bool(command) != 1:  # pyright: ignore[reportUnknownArgumentType]
        raise ConfigError(f"{where} must have exactly one of command, path, host and target")
    return Rule(decision, tool, command=tuple(command), **scopes)  # pyright: ignore[reportUnknownArgumentType]


def _written(rule: Rule) -> str:
    scopes = {name: _quoted(getattr(rule, name)) for name in _SCOPES if getattr(rule, name)}
    if rule.command:
        scopes["command"] = f"[{', '.join(map(_quoted, rule.command))}]"
    lines = (f"{name} = {value}\n" for name, value in scopes.items())
    return f'\n[[rule]]\ndecision = "{rule.decision}"\ntool = {_quoted(rule.tool)}\n{"".join(lines)}'


def _quoted(text: str) -> str:
    """A TOML string: what JSON makes of it, but for the one control character that JSON leaves as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
