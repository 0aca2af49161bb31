"""The root of the exception tree and the registry's branch of it. `demiurgic.errors` draws the whole."""


class DemiurgicError(Exception):
    """Something went wrong that a person should read: what happened, and in `hint` what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.message, self.hint = message, hint
        super().__init__(message)

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross a process border whole: hint and further fields included.
        return _rebuild, (type(self), self.__dict__.copy())


def _rebuild(kind: type[DemiurgicError], fields: dict[str, object]) -> DemiurgicError:
    error = kind.__new__(kind)
    error.__dict__.update(fields)
    error.args = (fields["message"],)
    return error


class UserError(DemiurgicError):
    """What was asked cannot be done as it was asked. Exit code 2."""


class WorkError(DemiurgicError):
    """The work was started and failed. Exit code 1."""


class UnknownModel(UserError):
    """No registry entry, file or provider answers to this name."""


class BadModelFile(UserError):
    """The file is not a GGUF model that can be trusted: truncated, foreign or hostile."""


class BadRegistry(UserError):
    """A registry file says something impossible."""


class PullFailed(WorkError):
    """No source could deliver the model file. What had arrived is kept for the next try."""


class DiskFull(PullFailed):
    """There is no room for the file."""


class ChecksumMismatch(PullFailed):
    """The file that arrived is not the file that the registry names. It was deleted."""


class Offline(PullFailed):
    """The network is needed, and offline mode is on."""


def first_line(error: Exception) -> str:
    """What another library's error says, in one line; its name where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
