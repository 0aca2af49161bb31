"""Values over a pipe: a length, then a pickle. Both ends are this program, so the pickles can be trusted."""

import pickle
import struct
import threading
from contextlib import suppress
from typing import IO, Any

_LENGTH = struct.Struct("<Q")
_LONGEST = 2**31


class Frames:
    """One end of a pair of pipes. `send` may be called from any thread, `receive` from one."""

    def __init__(self, reading: IO[bytes], writing: IO[bytes]) -> None:
        self._reading, self._writing = reading, writing
        self._lock = threading.Lock()

    def send(self, value: object) -> None:
        """Send a value. Raises OSError when nobody listens."""
        data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        with self._lock:
            self._writing.write(_LENGTH.pack(len(data)) + data)
            self._writing.flush()

    def receive(self) -> Any:  # noqa: ANN401 - whatever the other end sent
        """The next value. Raises EOFError when the other end is gone or does not speak frames."""
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        if length > _LONGEST:
            raise EOFError("the pipe carries something else than frames")
        return pickle.loads(self._exactly(length))

    def close_writing(self) -> None:
        """Close the writing end; the other side sees the end of its input."""
        with self._lock, suppress(OSError):  # what cannot be flushed has no reader any more
            self._writing.close()

    def close(self) -> None:
        """Close both ends."""
        self.close_writing()
        self._reading.close()

    def _exactly(self, count: int) -> bytes:
        data = self._reading.read(count)
        if len(data) != count:
            raise EOFError
        return data
