"""Every way this program can fail, drawn as one tree.

    DemiurgicError                 what happened, and what to do next        (demiurgic_models.errors)
     x UserError                   the input was wrong: exit code 2, one line, no traceback
       + ConfigError               a settings file or variable that cannot be read
       + MissingExtra              an optional part is not installed; names the command that installs it
       + UnknownModel              no registry entry, file or provider answers to this name  (demiurgic_models)
       + BadModelFile              truncated, foreign or hostile GGUF; nothing was loaded    (demiurgic_models)
       + BadRegistry               registry.toml says something impossible                   (demiurgic_models)
       + ContextOverflow           the prompt cannot fit; raised before any work starts
       + UnsupportedRequest        the model or provider cannot do what was asked; never ignored in silence
       + BadSchema                 a tool or answer schema that cannot be enforced
       + OutsideWorkspace          a path that leads out of the user's folder
       + BadEvaluationFile         problems, samples, labels or results that cannot be what they should be
       + NoSuchSession             no conversation of this folder answers to this name
     x WorkError                   the work failed: exit code 1
       + PullFailed                no source could deliver the file          (demiurgic_models)
         . DiskFull  ChecksumMismatch  Offline
       + ModelLoadError            llama.cpp refused a file that looked well-formed
       + EngineError               the engine could not go on with one request
         . EngineDied              native code crashed; the process that runs it can be started anew
       + TemplateError             a chat template that cannot be rendered
       + ProviderError             a remote model answered with an error
         . BadAnswer               its answer does not satisfy the schema that it was asked to keep
       + SandboxError              a sandbox could not be had or broke; never a program's own failure
       + WorkspaceError            a file of the user's folder could not be read or written
       + PrivateAddress            a web address leads to this machine or its own network; nothing was asked there
       + ToolFailed                a tool call could not be carried out; its text is for the model
       + SessionError              a conversation on disk that cannot be read or written

The root and the registry's branch stand in `demiurgic_models.errors`, because that package lies below this one.
"""

from demiurgic_models.errors import (
    BadModelFile,
    BadRegistry,
    ChecksumMismatch,
    DemiurgicError,
    DiskFull,
    Offline,
    PullFailed,
    UnknownModel,
    UserError,
    WorkError,
    first_line,
)

__all__ = [
    "BadAnswer",
    "BadEvaluationFile",
    "BadModelFile",
    "BadRegistry",
    "BadSchema",
    "ChecksumMismatch",
    "ConfigError",
    "ContextOverflow",
    "DemiurgicError",
    "DiskFull",
    "EngineDied",
    "EngineError",
    "MissingExtra",
    "ModelLoadError",
    "NoSuchSession",
    "Offline",
    "OutsideWorkspace",
    "PrivateAddress",
    "ProviderError",
    "PullFailed",
    "SandboxError",
    "SessionError",
    "TemplateError",
    "ToolFailed",
    "UnknownModel",
    "UnsupportedRequest",
    "UserError",
    "WorkError",
    "WorkspaceError",
    "first_line",
]


class ConfigError(UserError):
    """A settings file or variable could not be read, or holds a value of the wrong kind."""


class MissingExtra(UserError):
    """An optional part of the program is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} is not installed", f"pip install 'demiurgic[{extra}]'")


class ContextOverflow(UserError):
    """The prompt and the room asked for its answer are larger than the context. Nothing was evaluated."""

    def __init__(self, prompt: int, answer: int, limit: int) -> None:
        self.prompt, self.answer, self.limit = prompt, answer, limit
        super().__init__(
            f"the prompt has {prompt} tokens and the answer needs room for {answer}, but the context holds {limit}",
            "shorten the conversation, ask for a shorter answer, or load the model with a larger context",
        )


class UnsupportedRequest(UserError):
    """The model or the provider cannot do what was asked."""


class BadSchema(UserError):
    """A JSON Schema that cannot be enforced while decoding."""


class OutsideWorkspace(UserError):
    """A path leads out of the user's folder. Nothing was opened."""


class ModelLoadError(WorkError):
    """llama.cpp refused a model file whose header looked well-formed."""


class EngineError(WorkError):
    """The engine could not go on with a request. Other requests are not affected."""


class EngineDied(EngineError):
    """The process that runs native code ended. What the front end holds is intact."""


class TemplateError(WorkError):
    """A chat template could not be rendered."""


class ProviderError(WorkError):
    """A remote model answered with an error, or not at all."""

    def __init__(self, message: str, hint: str = "", *, status: int | None = None) -> None:
        self.status = status
        super().__init__(message, hint)


class BadAnswer(ProviderError):
    """A remote model's answer came and does not satisfy the schema that it was asked to keep."""


class SandboxError(WorkError):
    """A sandbox could not be had, or broke while it ran something. Says nothing of the program that ran."""


class WorkspaceError(WorkError):
    """A file of the user's folder could not be read or written. Says what is really there."""


class PrivateAddress(WorkError):
    """A web address leads to this machine or its own network, where it may not go. Nothing was asked there."""


class ToolFailed(WorkError):
    """A tool call could not be carried out. The message is written for the model: what was wrong, what is there."""


class BadEvaluationFile(UserError):
    """Problems, samples, labels or results that cannot be what they should be. Names the file and the line."""


class NoSuchSession(UserError):
    """No conversation of this folder answers to this name."""


class SessionError(WorkError):
    """A conversation on disk could not be read or written."""
