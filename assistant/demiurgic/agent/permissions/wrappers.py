"""Programs that run other programs: what they run is judged as if it stood alone.

A wrapper whose options are not all known here is `NotUnderstood`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from demiurgic.agent.permissions.shell import split
from demiurgic.agent.permissions.words import NotUnderstood, Part, Word, word_set

_SHELLS = word_set("sh bash dash ash rbash")
_OTHER_SHELLS = word_set("zsh ksh mksh fish csh tcsh nu xonsh elvish pwsh")
_RIGHTS = word_set("sudo doas su pkexec runuser chroot unshare nsenter setpriv capsh sg newgrp")
_ELSEWHERE = word_set("ssh docker podman nerdctl kubectl lxc machinectl systemd-run at batch crontab tmux screen")
_HIDING = word_set(
    "alias trap enable complete bind source . parallel watch script entr expect strace ltrace gdb rlwrap unbuffer"
    " busybox toybox socat nc ncat let mapfile readarray"
)
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class _Options:
    """What a wrapper's own arguments look like, before the program that it runs."""

    flags: str
    """A pattern for those that stand alone."""
    valued: str = r"(?!)"
    """A pattern for those that take the next word."""
    before: int = 0
    """How many words of its own come before the program."""


_WRAPPERS: Mapping[str, _Options] = {
    "nice": _Options(r"-\d+|-n-?\d+|--adjustment=-?\d+", r"-n|--adjustment"),
    "ionice": _Options(r"-c\d|-n\d|-t", r"-c|-n"),
    "timeout": _Options(r"--preserve-status|--foreground|-v|-[ks]\w+|--(signal|kill-after)=\w+", r"-k|-s", before=1),
    "nohup": _Options(r"(?!)"),
    "setsid": _Options(r"-[wcf]+"),
    "stdbuf": _Options(r"-[ioe][0L]|-[ioe]\d+|--(input|output|error)=\w+", r"-[ioe]"),
    "time": _Options(r"-[pv]+"),
    "command": _Options(r"-p"),
    "builtin": _Options(r"(?!)"),
    "exec": _Options(r"-[cl]+", r"-a"),
    "env": _Options(r"-|-i|--ignore-environment|-0|--null|-u\w+|--unset=\w+", r"-u|--unset"),
    "xargs": _Options(
        r"-[0rtxp]+|--(null|no-run-if-empty|verbose)|-[nPLI]\S+|-d\S+|--(max-args|max-procs|delimiter)=\S+",
        r"-[nPLIdEs]",
    ),
}


def unwrapped(parts: tuple[Part, ...], depth: int = 0) -> Iterator[Part]:
    """The programs that are run in the end. Raises NotUnderstood."""
    if depth > _DEEPEST:
        raise NotUnderstood("commands within commands, too deep to follow")
    for part in parts:
        inner = _inner(part) if part.argv else None
        if inner is None:
            yield part
            continue
        if part.writes or part.reads or part.assigned:
            yield replace(part, argv=())  # what belongs to the wrapper itself
        yield from unwrapped(inner, depth + 1)


def _inner(part: Part) -> tuple[Part, ...] | None:
    """What a wrapper runs; None for a program that is none."""
    first = part.argv[0]
    if not first.exact:
        raise NotUnderstood("which program is run is only known to the shell")
    name = first.text.rsplit("/", 1)[-1]
    if name in _RIGHTS:
        raise NotUnderstood(f"`{name}` takes other rights")
    if name in _ELSEWHERE:
        raise NotUnderstood(f"`{name}` runs things outside of this command")
    if name in _HIDING:
        raise NotUnderstood(f"what `{name}` runs is not followed here")
    if special := _SPECIAL.get(name):
        return special(part.argv[1:])
    if name in _OTHER_SHELLS:
        raise NotUnderstood(f"the language of `{name}` is not taken apart here")
    if name in _SHELLS:
        return _shell(name, part.argv[1:])
    if name in _WRAPPERS:
        return _wrapper(name, _WRAPPERS[name], part.argv[1:])
    return None


def _wrapper(name: str, options: _Options, words: tuple[Word, ...]) -> tuple[Part, ...] | None:
    at = 0
    while at < len(words) and words[at].text.startswith("-"):
        word = words[at]
        if not word.exact:
            raise NotUnderstood(f"an option of `{name}` is only known to the shell")
        at += 1
        if word.text == "--":
            break
        if re.fullmatch(options.valued, word.text):
            at += 1
        elif not re.fullmatch(options.flags, word.text):
            raise NotUnderstood(f"`{name} {word.text}` is not taken apart here")
    at += options.before
    assigned: list[Word] = []
    while name == "env" and at < len(words) and "=" in words[at].text:
        assigned.append(words[at])
        at += 1
    rest = words[at:]
    if not rest:
        return None  # it runs nothing, or only what it runs by default
    if name == "xargs":
        rest = (*rest, Word("*", known=False))
    return (Part(rest, assigned=tuple(assigned)),)


def _shell(name: str, words: tuple[Word, ...]) -> tuple[Part, ...] | None:
    """A shell with a script on its command line, in a file, or on its input."""
    for at, word in enumerate(words):
        if not word.exact:
            raise NotUnderstood("what the shell is to run is not known")
        if re.fullmatch(r"-[a-z]*c[a-z]*", word.text):
            script = words[at + 1] if at + 1 < len(words) else Word("", known=False)
            if not script.known:
                raise NotUnderstood("what the shell is to run is put together by another shell")
            if script.text.startswith(("-", "+")):
                raise NotUnderstood("the shell takes more options before what it is to run")
            if name != "bash" and "&>" in script.text:
                raise NotUnderstood("`&>` means one thing to some shells and another to others")
            return split(script.text, 1)
        if not word.text.startswith(("-", "+")):
            return None  # a script in a file, as good or bad as any other program
        if not re.fullmatch(r"-[exulv]+|--(norc|noprofile|posix|login)", word.text):
            raise NotUnderstood(f"the shell's option {word.text} is not taken apart here")
    raise NotUnderstood("a shell that runs what it is fed")


def _eval(words: tuple[Word, ...]) -> tuple[Part, ...]:
    if not all(word.known for word in words):
        raise NotUnderstood("what `eval` runs is only known to the shell")
    return split(" ".join(word.text for word in words), 1)


def _find(words: tuple[Word, ...]) -> tuple[Part, ...] | None:
    """`find`, and what it does to the files that it finds."""
    inner: list[Part] = []
    looking, rest = [Word("find")], list(words)
    while rest:
        word = rest.pop(0)
        if word.text in ("-exec", "-execdir", "-ok", "-okdir"):
            ends = [at for at, each in enumerate(rest) if each.text in (";", "+")]
            if not ends or not ends[0]:
                raise NotUnderstood("`find` is to run something that never ends")
            command, rest = rest[: ends[0]], rest[ends[0] + 1 :]
            inner.append(Part(tuple(Word("*", known=False) if "{}" in each.text else each for each in command)))
        elif word.text == "-delete":
            inner.append(Part((Word("rm"), Word("*", known=False))))
        elif word.text.startswith("-fprint") or word.text == "-fls":
            inner.append(Part((), writes=(rest.pop(0) if rest else Word("*", known=False),)))
        else:
            looking.append(word)
    return (*inner, Part(tuple(looking))) if inner else None


_SPECIAL: Mapping[str, Callable[[tuple[Word, ...]], tuple[Part, ...] | None]] = {"eval": _eval, "find": _find}
