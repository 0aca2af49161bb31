"""How much the agent may do without a question."""

from enum import StrEnum


class Mode(StrEnum):
    """The least first. Set by the user, never by a file in the project."""

    PLAN = "plan"  # nothing is written, nothing is run
    ASK = "ask"  # reading is free; every edit and command asks
    EDITS = "edits"  # edits in the workspace are free too
    ALL = "all"  # and so are commands in the sandbox; what leaves it or is protected still asks
