"""Text as it lies on disk: encoding, byte order mark and line ends are known, and come back as they were.

A file in no Unicode encoding is read in the likeliest one that gives its bytes back exactly, so an edit changes what it
means to change and nothing else.
"""

import codecs
import hashlib
from dataclasses import dataclass, replace

from demiurgic.errors import ToolFailed

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BINARY_SIGN = 8192
"""A NUL among so many first bytes means that this is no text."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """What a file says, line ends included, and how that is written down."""

    text: str = ""
    encoding: str = "utf-8"
    mark: bytes = b""

    @property
    def newline(self) -> str:
        """How most of its lines end."""
        return "\r\n" if 2 * self.text.count("\r\n") > self.text.count("\n") else "\n"

    def saying(self, text: str) -> "TextFile":
        """Another text in the same encoding."""
        return replace(self, text=text)

    def data(self) -> bytes:
        """The bytes. Raises ToolFailed for characters that the file's encoding has not."""
        try:
            return self.mark + self.text.encode(self.encoding)
        except UnicodeEncodeError as error:
            wrong = self.text[error.start]
            message = f"the file is in {self.encoding}, which cannot hold {wrong!r} (U+{ord(wrong):04X})"
            raise ToolFailed(message, "write it with characters of that encoding") from error


def decoded(data: bytes) -> TextFile | None:
    """The text in these bytes; None where they are no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark) and (text := _exact(data[len(mark) :], encoding)) is not None:
            return TextFile(text, encoding, mark)
    if is_binary(data):
        return None
    # Chinese text pairs its high bytes, which Western text hardly ever does.
    for encoding in ("utf-8", "gb2312", "cp1252", "latin-1"):
        if (text := _exact(data, encoding)) is not None:
            return TextFile(text, encoding)
    return None


def is_binary(data: bytes) -> bool:
    """Whether a file that begins like this is no text, unless a byte order mark says otherwise."""
    return b"\0" in data[:_BINARY_SIGN] and not data.startswith(tuple(mark for mark, _ in _MARKS))


def lines_of(text: str) -> list[str]:
    """The lines without their ends. Nothing after the last line end is no line."""
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def fingerprint(data: bytes) -> str:
    """What tells one content of a file from any other."""
    return hashlib.sha256(data).hexdigest()


def _exact(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
        return text if text.encode(encoding) == data else None
    except UnicodeError:
        return None
