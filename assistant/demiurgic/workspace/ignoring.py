"""What the user's `.gitignore` files leave out.

Keeps to git's rules: the last matching line of a file decides, a file deeper down over one above it, and nothing
within an excluded folder comes back. Settings outside the folder, such as a global list of exclusions, are not read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from demiurgic.workspace.patterns import PathPattern, path_pattern


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a `.gitignore`."""

    pattern: PathPattern
    excludes: bool
    folders_only: bool


@dataclass(frozen=True, slots=True)
class Ignored:
    """The rules that hold in a folder: for each file of them, how deep it lies and what it says."""

    files: tuple[tuple[int, tuple[Rule, ...]], ...] = ()

    def within(self, depth: int, text: str) -> "Ignored":
        """These rules and those of one more file, which lies `depth` folders down."""
        rules = read_rules(text)
        return Ignored((*self.files, (depth, rules))) if rules else self

    def excludes(self, names: Sequence[str], *, is_folder: bool) -> bool:
        """Whether a path is left out, given that the folders above it are not."""
        for depth, rules in reversed(self.files):
            below = names[depth:]
            for rule in reversed(rules):
                if (is_folder or not rule.folders_only) and rule.pattern.matches(below):
                    return rule.excludes
        return False


def read_rules(text: str) -> tuple[Rule, ...]:
    """The rules of one file."""
    lines = text.removeprefix("\ufeff").split("\n")
    return tuple(rule for line in lines if (rule := _rule(line.removesuffix("\r"))))


def _rule(line: str) -> Rule | None:
    while line.endswith(" ") and not line.endswith("\\ "):
        line = line[:-1]
    if not line or line.startswith("#"):
        return None
    excludes = not line.startswith("!")
    pattern = path_pattern(line if excludes else line[1:])
    return Rule(pattern, excludes, line.endswith("/")) if pattern.parts else None
