"""By what a text is known again after it was renamed, laid out anew or given other comments.

A text is looked at in three ways. Its prose is a row of words, the names that its functions define masked. Its code is
a row of tokens without comments, layout, brackets and commas, with one sign for all names that are not the language's.
Its functions are the same rows with their names kept, which tells even the shortest ones apart.
"""

import ast
import builtins
import keyword
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from demiurgic_training.words import words

_MASK, _MASK_WORD = "\x00", "maskedname"
_LONG_TEXT = 60
"""From this length on a text between simple quotes is prose, too."""
_KEPT = frozenset((*keyword.kwlist, *dir(builtins)))
_LEXER = re.compile(
    r'(?P<long>[rbfuRBFU]{0,2}(?:"""[\s\S]*?(?:"""|\Z)|\'\'\'[\s\S]*?(?:\'\'\'|\Z)))'
    r'|(?P<text>[rbfuRBFU]{0,2}(?:"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'))'
    r"|(?P<comment>#[^\n]*)"
    r"|(?P<name>\.?[^\W\d]\w*)"
    r"|(?P<number>\d[\w.]*)"
    r"|(?P<sign>[-+*/%@&|^~<>=!:]+|[\[\]{}.])"
)
_HEAD = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\(([^()]*(?:\([^()]*\)[^()]*)*)\)", re.MULTILINE)
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_EXAMPLE = re.compile(r"^[ \t]*(?:>>>|\.\.\.).*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Prints:
    """What a text is known by."""

    prose: tuple[str, ...]
    """Its words, those masked that are names of its functions and their parameters."""
    code: tuple[str, ...]
    """Its tokens, all names masked that are not the language's."""
    functions: tuple[str, ...]
    """Of each function its name and, between blanks, all tokens up to the text's end."""


@dataclass(frozen=True, slots=True)
class _Lexed:
    named: Sequence[str]
    prose: Sequence[str]
    """What its long strings and comments say."""


def prints_of(text: str) -> Prints:
    """The fingerprints of a text that may hold anything: all of its words count as prose, those of its code as well."""
    return _prints(text, _lexed(text), text)


def prints_of_reference(text: str) -> tuple[Prints, tuple[str, ...]]:
    """The fingerprints of what is looked for, and its prose without a mask. Of a program only the words of its comments
    and long texts are prose: those of its code stand in many."""
    lexed = _lexed(text)
    prose = "\n".join(lexed.prose) if _HEAD.search(text) else text
    return _prints(text, lexed, prose), tuple(words(_EXAMPLE.sub("", prose)))


def _prints(text: str, lexed: _Lexed, prose: str) -> Prints:
    names = _names(text)
    told = _EXAMPLE.sub("", prose)
    if names:
        told = _IDENTIFIER.sub(lambda found: _MASK_WORD if found[0] in names else found[0], told)
    return Prints(
        prose=tuple(_MASK if word == _MASK_WORD else word for word in words(told)),
        code=tuple(token if _is_kept(token) else _MASK for token in lexed.named),
        functions=tuple(_functions(lexed.named)),
    )


def telling_pieces(row: Sequence[str], length: int) -> set[tuple[str, ...]]:
    """All pieces of that length which say more than masks do."""
    found = (tuple(row[start : start + length]) for start in range(len(row) - length + 1))
    return {piece for piece in found if piece.count(_MASK) * 2 <= length}


def _lexed(text: str) -> _Lexed:
    named: list[str] = []
    prose: list[str] = []
    for match in _LEXER.finditer(text):
        token = match[0]
        match match.lastgroup:
            case "long":
                prose.append(token.lstrip("rbfuRBFU").strip("\"'"))
            case "comment":
                prose.append(token.lstrip("#"))
            case "text" if len(token) >= _LONG_TEXT:
                prose.append(token.replace("\\n", "\n"))
            case "text":
                named.append(_literal(token))
            case "number":
                named.append(_literal(token))
            case _:
                named.append(token)
    return _Lexed(named, prose)


def _is_kept(token: str) -> bool:
    return not (token[0].isalpha() or token[0] == "_") or token in _KEPT


def _literal(token: str) -> str:
    """The value, however it is spelled."""
    if token.isdigit():
        return token
    if token[0] in "\"'" and "\\" not in token and "'" not in token[1:-1]:
        return f"'{token[1:-1]}'"
    try:
        return repr(ast.literal_eval(token))
    except (SyntaxError, ValueError):
        return token


def _names(text: str) -> frozenset[str]:
    """What functions and their parameters are called."""
    heads = _HEAD.findall(text)
    return frozenset(part for name, inside in heads for part in (name, *_parameters(inside)))


def _parameters(inside: str) -> Iterable[str]:
    return (re.split(r"[:=]", part)[0].strip("* \t\r\n") for part in re.sub(r"\[[^\[\]]*\]", "", inside).split(","))


def _functions(named: Sequence[str]) -> Iterable[str]:
    for place, token in enumerate(named[:-1]):
        if token == "def":
            yield " ".join(("", *named[place + 1 :], ""))
