"""Words of a shell's language: what quotes and backslashes leave of them, and what only the shell can know."""

from dataclasses import dataclass, field


class NotUnderstood(Exception):
    """A command line that this program does not take apart. It says why."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word. What the shell would put in for variables and commands stands as `*`."""

    text: str
    known: bool = True
    """Whether `text` is exactly what a program would get, but for patterns."""
    pattern: bool = False
    """Whether the shell may put the names of files in its place."""
    quoted: bool = False
    """Whether any of it was quoted, so that it is no word of the shell's own."""

    @property
    def exact(self) -> bool:
        """Whether a program gets this text and nothing else."""
        return self.known and not self.pattern and not self.text.startswith("~")


@dataclass(frozen=True, slots=True)
class Part:
    """One program as a command line runs it."""

    argv: tuple[Word, ...]
    writes: tuple[Word, ...] = ()
    """Files that its output goes to."""
    reads: tuple[Word, ...] = ()
    assigned: tuple[Word, ...] = ()
    """Variables that are set for it, or for the shell if it runs nothing."""


@dataclass(slots=True)
class Heredoc:
    """A text that follows on the next lines, up to one that holds `end`."""

    end: str
    tabs: bool
    quoted: bool


@dataclass(slots=True)
class Command:
    """A command while it is read."""

    words: list[Word] = field(default_factory=list[Word])
    writes: list[Word] = field(default_factory=list[Word])
    reads: list[Word] = field(default_factory=list[Word])
    assigned: list[Word] = field(default_factory=list[Word])

    def part(self) -> Part | None:
        """What it comes to, if anything."""
        if self.words or self.writes or self.reads or self.assigned:
            return Part(tuple(self.words), tuple(self.writes), tuple(self.reads), tuple(self.assigned))
        return None


class WordBuilder:
    """A word that grows letter by letter."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._known, self._pattern, self._quoted, self.begun = True, False, False, False
        self._braces = False

    def plain(self, letter: str) -> None:
        """A letter outside of quotes."""
        self.begun = True
        self._pattern |= letter in "*?["
        self._braces |= letter == "{"
        self._text.append(letter)

    def literal(self, text: str) -> None:
        """Text within quotes, or behind a backslash."""
        self.begun = self._quoted = True
        self._text.append(text)

    def unknown(self) -> None:
        """Something that only the shell can know."""
        self.begun, self._known = True, False
        self._text.append("*")

    def word(self) -> Word:
        """The word, with what braces could become left open."""
        text = "".join(self._text)
        if self._braces and ("," in text or ".." in text) and "}" in text:
            opened, closed = text.index("{"), text.rindex("}")
            if opened < closed:
                return Word(text[:opened] + "*" + text[closed + 1 :], known=False, pattern=True, quoted=self._quoted)
        pattern = self._pattern and text not in ("[", "]")
        return Word(text, self._known, pattern, self._quoted)


def word_set(text: str) -> frozenset[str]:
    """The words of a text, to be looked up."""
    return frozenset(text.split())
