"""Writing a rendered conversation down, segment by segment, with the author of each known."""

import re
from collections.abc import Sequence

from demiurgic.templates.protocol import Segment


class Script:
    """The segments so far. `at` is the index of the message being written."""

    def __init__(self) -> None:
        self.at = -1
        self._segments: list[Segment] = []

    def markup(self, text: str) -> None:
        """The template's own words; special tokens named in it are meant."""
        self._add(Segment(text, message=self.at))

    def content(self, text: str) -> None:
        """What a person or a tool said."""
        self._add(Segment(text, trusted=False, message=self.at))

    def wrote(self, text: str) -> None:
        """What the assistant said."""
        self._add(Segment(text, by_assistant=True, trusted=False, message=self.at))

    def wrote_markup(self, text: str, *, message: int | None = None) -> None:
        """What the assistant writes in its format's own tokens: tags, calls, the end of its turn."""
        self._add(Segment(text, by_assistant=True, message=self.at if message is None else message))

    def wrote_calls(self, text: str, tags: Sequence[str]) -> None:
        """Calls that the assistant made. Of special tokens, only the dialect's own tags are meant: what stands in
        the arguments may come from anywhere."""
        pattern = "|".join(re.escape(tag) for tag in tags)
        for part in re.split(f"({pattern})", text) if tags else [text]:
            self.wrote_markup(part) if part in tags else self.wrote(part)

    def done(self) -> list[Segment]:
        """All of it."""
        return self._segments

    def _add(self, segment: Segment) -> None:
        if segment.text:
            self._segments.append(segment)
