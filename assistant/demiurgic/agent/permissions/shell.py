"""Command lines, taken apart into the programs that they run.

This reads the part of the shell's language that people and models mostly write: lists, pipes, groups, loops,
conditions, redirections, here-documents, substitutions of all kinds. Whatever it is not sure of is `NotUnderstood`;
it never guesses that something is not a command.
"""

import re
import unicodedata

from demiurgic.agent.permissions.words import Command, Heredoc, NotUnderstood, Part, Word, WordBuilder, word_set

_BLANKS = " \t"
_ENDS = _BLANKS + "\n;&|()<>"
_SKIPPED = word_set("if then else elif fi while until do done { } !")
_REFUSED = word_set("case esac select function coproc [[ ]] ((")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\[[^\]]*\])?\+?=")
_SPECIAL = "@*#?-$!0123456789"
_CALCULATES = re.compile(r"[\w +*/%()<>=&|^~!?:,-]")
_TWO_WORDS = re.compile(r"\w\s+-?\w*[A-Za-z_]")
_DEEPEST = 12
_LONGEST = 50_000


def split(line: str, depth: int = 0) -> tuple[Part, ...]:
    """All programs that a command line would run. Raises NotUnderstood."""
    if depth > _DEEPEST:
        raise NotUnderstood("commands within commands, too deep to follow")
    if len(line) > _LONGEST:
        raise NotUnderstood("it is too long to be taken apart")
    for letter in line:
        if letter not in "\n\t " and unicodedata.category(letter) in ("Cc", "Cf", "Zs", "Zl", "Zp", "Cs"):
            raise NotUnderstood(f"it holds a character that cannot be seen (U+{ord(letter):04X})")
    reader = _Reader(line, depth)
    reader.commands("")
    return tuple(reader.parts)


class _Reader:
    """Goes once through a line."""

    def __init__(self, line: str, depth: int) -> None:
        self._line, self._at, self._depth = line, 0, depth
        self._heredocs: list[Heredoc] = []
        self.parts: list[Part] = []

    def commands(self, end: str) -> None:
        """A list of commands, up to a closing parenthesis or to the end of the line."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotUnderstood("commands within commands, too deep to follow")
        while True:
            self._blanks()
            letter = self._peek()
            if letter == "" or (letter == ")" and end == ")"):
                if letter != end or self._heredocs:
                    raise NotUnderstood("something is opened and never closed")
                self._at += len(letter)
                self._depth -= 1
                return
            if letter == "\n":
                self._newline()
            elif letter in ";&|":
                self._at += 1
            elif letter == "(":
                if self._line.startswith("((", self._at):
                    raise NotUnderstood("arithmetic as a command")
                self._at += 1
                self.commands(")")
                self._redirections_behind()
            elif letter == ")":
                raise NotUnderstood("a parenthesis is closed that was never opened")
            else:
                self._command()

    def _command(self) -> None:
        command = Command()
        while (letter := self._blanks()) and (letter not in "\n;&|()" or self._line.startswith("&>", self._at)):
            if self._redirection(command):
                continue
            word = self._word()
            if not command.words and not word.quoted and word.text in _REFUSED:
                raise NotUnderstood(f"`{word.text}` is not taken apart here")
            if not command.words and not word.quoted and word.text in _SKIPPED:
                continue
            if not command.words and not word.quoted and word.text == "for":
                self._loop_head()
                continue
            if not command.words and _ASSIGNMENT.match(word.text):
                command.assigned.append(word)
            else:
                command.words.append(word)
        if self._peek() == "(":
            raise NotUnderstood("a function or an array")
        if part := command.part():
            self.parts.append(part)

    def _loop_head(self) -> None:
        """The name and the words of a `for`."""
        self._blanks()
        name = self._word()
        if not _NAME.fullmatch(name.text):
            raise NotUnderstood("a loop of an unusual kind")
        words = 0
        while (letter := self._blanks()) and letter not in "\n;":
            if letter in "&|()<>":
                raise NotUnderstood("a loop of an unusual kind")
            word = self._word()
            if words == 0 and word.text != "in":
                raise NotUnderstood("a loop of an unusual kind")
            words += 1
        self.parts.append(Part((Word("for"),)))

    def _redirections_behind(self) -> None:
        command = Command()
        while self._blanks() and self._redirection(command):
            pass
        if part := command.part():
            self.parts.append(part)

    def _redirection(self, command: Command) -> bool:
        """A redirection, if there is one here."""
        found = re.compile(r"[0-9]*(<<<|<<-|<<|<>|<&|>&|>>|>\||>|<)|&>>?").match(self._line, self._at)
        if not found or self._line.startswith(("<(", ">("), self._at):
            return False
        self._at = found.end()
        self._refuse_joined_lines()
        sign = found[0].lstrip("0123456789")
        self._blanks()
        if self._peek() in ("", "\n", ";", "|", ")") or (
            self._peek() in "<>&" and not self._line.startswith(("<(", ">("), self._at)
        ):
            raise NotUnderstood("a redirection to nowhere")
        target = self._word()
        if sign in ("<<", "<<-"):
            self._heredocs.append(Heredoc(target.text, sign == "<<-", target.quoted))
            if not target.known:
                raise NotUnderstood("a here-document without a clear end")
        elif sign in ("<&", ">&") and re.fullmatch(r"[0-9]+-?|-", target.text):
            pass  # one stream made into another
        elif sign == "<":
            command.reads.append(target)
        elif sign != "<<<":
            command.writes.append(target)
        return True

    def _word(self) -> Word:
        built = WordBuilder()
        while (letter := self._peek()) and (letter not in _ENDS or self._line.startswith(("<(", ">("), self._at)):
            if letter == "\\":
                self._backslash(built)
            elif letter == "'":
                built.literal(self._until("'"))
            elif letter == '"':
                self._double_quoted(built)
            elif letter == "$":
                self._dollar(built, quoted=False)
            elif letter == "`":
                self._backticks(built)
            elif letter in "<>":
                self._at += 2
                self._substitution()
                built.unknown()
            else:
                built.plain(letter)
                self._at += 1
        if not built.begun:
            raise NotUnderstood("a word is missing")
        if self._peek() == "(":
            raise NotUnderstood("a function, an array or an extended pattern")
        return built.word()

    def _backslash(self, built: WordBuilder) -> None:
        following = self._line[self._at + 1 : self._at + 2]
        if not following:
            raise NotUnderstood("a backslash at the end")
        if following != "\n":
            built.literal(following)
        self._at += 2

    def _double_quoted(self, built: WordBuilder) -> None:
        self._at += 1
        built.literal("")
        while (letter := self._peek()) != '"':
            if letter == "":
                raise NotUnderstood("a quote is never closed")
            if letter == "$":
                self._dollar(built, quoted=True)
            elif letter == "`":
                self._backticks(built)
            elif letter == "\\" and self._line[self._at + 1 : self._at + 2] in tuple('$`"\\\n'):
                self._backslash(built)
            else:
                if letter == "\n" and self._heredocs:
                    raise NotUnderstood("a here-document within a quoted text")
                built.literal(letter)
                self._at += 1
        self._at += 1

    def _dollar(self, built: WordBuilder, *, quoted: bool) -> None:
        rest = self._line[self._at + 1 : self._at + 3]
        self._at += 1
        self._refuse_joined_lines()
        if rest == "((":
            self._arithmetic()
        elif rest[:1] == "(":
            self._at += 1
            self._substitution()
        elif rest[:1] == "{":
            self._parameter()
        elif rest[:1] == "[":
            raise NotUnderstood("arithmetic of an old kind")
        elif rest[:1] == "'" and not quoted:
            text = self._until("'")
            if "\\" in text:
                raise NotUnderstood("letters that are spelled by their codes")
            built.literal(text)
            return
        elif rest[:1] == '"' and not quoted:
            self._double_quoted(built)
            return
        elif name := _NAME.match(self._line, self._at):
            self._at = name.end()
        elif rest[:1] and rest[0] in _SPECIAL:
            self._at += 1
        else:
            built.literal("$")
            return
        built.unknown()

    def _substitution(self) -> None:
        """The commands of a `$(...)`. A here-document that was begun before it is not filled by the lines in it."""
        waiting, self._heredocs = self._heredocs, []
        start = self._at
        self.commands(")")
        if waiting and "\n" in self._line[start : self._at]:
            raise NotUnderstood("a here-document within a quoted text")
        self._heredocs = waiting

    def _refuse_joined_lines(self) -> None:
        """Of `$`, `<` and `>` a shell may make something else with what stands on the next line."""
        if self._line.startswith("\\\n", self._at):
            raise NotUnderstood("a sign that goes on in the next line")

    def _arithmetic(self) -> None:
        """`$((...))`. With parentheses that do not match in this way, or with words in it, it could be a command."""
        self._at += 2
        start, depth = self._at, 2
        while (letter := self._peek()) and _CALCULATES.match(letter):
            self._at += 1
            depth += {"(": 1, ")": -1}.get(letter, 0)
            if depth == 1:
                if self._peek() != ")" or _TWO_WORDS.search(self._line[start : self._at]):
                    break
                self._at += 1
                return
        raise NotUnderstood("arithmetic that may be something else")

    def _parameter(self) -> None:
        closed = self._line.find("}", self._at)
        inside = self._line[self._at + 1 : closed] if closed >= 0 else "`"
        if re.search(r"[`'\"\\\n$@{<>()]", inside):
            raise NotUnderstood("a variable of an unusual kind")
        self._at = closed + 1

    def _backticks(self, built: WordBuilder) -> None:
        inside: list[str] = []
        self._at += 1
        while (letter := self._peek()) != "`":
            if letter == "":
                raise NotUnderstood("a quote is never closed")
            if letter == "\\":
                raise NotUnderstood("a backslash within backticks")
            inside.append(letter)
            self._at += 1
        self._at += 1
        if self._heredocs and "\n" in inside:
            raise NotUnderstood("a here-document within a quoted text")
        self.parts.extend(split("".join(inside), self._depth + 1))
        built.unknown()

    def _newline(self) -> None:
        self._at += 1
        for heredoc in self._heredocs:
            self._heredoc(heredoc)
        self._heredocs = []

    def _heredoc(self, heredoc: Heredoc) -> None:
        body: list[str] = []
        while True:
            if self._at >= len(self._line):
                raise NotUnderstood("a here-document that never ends")
            end = self._line.find("\n", self._at)
            end = len(self._line) if end < 0 else end
            line = self._line[self._at : end]
            self._at = end + 1
            if (line.lstrip("\t") if heredoc.tabs else line) == heredoc.end:
                break
            body.append(line)
        text = "\n".join(body)
        if not heredoc.quoted and re.search(r"[`\\]|\$[({\[]", text):
            raise NotUnderstood("a here-document that the shell fills in")

    def _until(self, end: str) -> str:
        """What stands between a quote, which is not consumed yet, and the next one."""
        start = self._line.index(end, self._at) + 1
        closed = self._line.find(end, start)
        if closed < 0:
            raise NotUnderstood("a quote is never closed")
        text = self._line[start:closed]
        if "\n" in text and self._heredocs:
            raise NotUnderstood("a here-document within a quoted text")
        self._at = closed + 1
        return text

    def _blanks(self) -> str:
        """Skip blanks and comments; what stands behind them."""
        while letter := self._peek():
            if letter in _BLANKS:
                self._at += 1
            elif self._line.startswith("\\\n", self._at):
                self._at += 2
            elif letter == "#":
                end = self._line.find("\n", self._at)
                self._at = len(self._line) if end < 0 else end
            else:
                break
        return self._peek()

    def _peek(self) -> str:
        return self._line[self._at : self._at + 1]
