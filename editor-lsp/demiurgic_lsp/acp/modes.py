"""How much the agent may do unasked, as editors offer it to choose."""

from acp.schema import SessionMode, SessionModeState

from demiurgic.modes import Mode
from demiurgic.repl.commands import MODES
from demiurgic_lsp.acp.errors import wrong_input

_NAMES = {Mode.PLAN: "Plan", Mode.ASK: "Ask", Mode.EDITS: "Edits", Mode.ALL: "All"}


def modes(now: Mode) -> SessionModeState:
    """All of them, and which one holds."""
    known = [SessionMode(id=mode.value, name=_NAMES[mode], description=MODES[mode]) for mode in Mode]
    return SessionModeState(available_modes=known, current_mode_id=now.value)


def mode_of(name: str) -> Mode:
    """Raises RequestError."""
    if name not in tuple(Mode):
        raise wrong_input(f"there is no mode {name!r}", f"there are {', '.join(Mode)}")
    return Mode(name)
