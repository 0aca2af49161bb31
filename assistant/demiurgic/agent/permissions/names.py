"""Paths that are more than files: what runs by itself, what tells the agent what to do, and what holds secrets.

Names are compared as the most careless file system would: letters in any case, look-alike forms, trailing dots and
invisible letters do not make another name.
"""

import fnmatch
import posixpath
import re
import unicodedata
from itertools import pairwise

from demiurgic.agent.permissions.words import word_set

_FOLDERS = word_set(
    ".git .hg .svn .jj .githooks .husky .vscode .idea .devcontainer .demiurgic .claude .cursor .codex .agents"
    " .gemini .circleci .buildkite .teamcity .ssh .gnupg .direnv"
)
_PAIRS = frozenset(
    (forge, part) for forge in (".github", ".gitlab", ".gitea", ".forgejo") for part in ("workflows", "actions", "ci")
)
_FILES = word_set(
    ".gitlab-ci.yml .gitlab-ci.yaml .travis.yml azure-pipelines.yml bitbucket-pipelines.yml jenkinsfile .drone.yml"
    " .woodpecker.yml appveyor.yml .appveyor.yml cloudbuild.yaml .pre-commit-config.yaml lefthook.yml .lefthook.yml"
    " .gitmodules .gitattributes .gitconfig .envrc .mcp.json mcp.json .ripgreprc .tool-versions"
    " .bashrc .bash_profile .bash_login .bash_logout .bash_aliases .profile .zshrc .zprofile .zshenv .zlogin"
    " .zlogout .cshrc .tcshrc .kshrc .login config.fish .inputrc .vimrc .nvimrc .exrc .emacs .gdbinit .lldbinit"
    " .pdbrc .npmrc .yarnrc .yarnrc.yml .pypirc .netrc sitecustomize.py usercustomize.py"
    " agents.md agents.override.md claude.md claude.local.md gemini.md copilot-instructions.md .cursorrules"
    " .windsurfrules .clinerules .goosehints"
)
_SECRETS = word_set(
    ".env* *.pem *.key *.p12 *.pfx *.jks *.keystore *.kdbx id_rsa id_dsa id_ecdsa id_ed25519 .netrc _netrc .npmrc"
    " .pypirc .git-credentials .pgpass .htpasswd .vault-token credentials.json service-account*.json"
)
SECRETS = tuple(
    f"**/{name}"
    for name in (
        *(".env", ".env.local", ".env.*.local", ".env.prod*", ".env.stag*", ".env.dev*", ".env.test", ".envrc"),
        *("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".netrc", "_netrc", ".npmrc", ".pypirc", ".git-credentials"),
        *(".pgpass", ".htpasswd", ".vault-token", "credentials.json", "service-account*.json", "*.kdbx"),
        *(".ssh", ".gnupg", ".aws"),
    )
)
"""What programs in the sandbox cannot read. Less than what asks: the tests of many projects need a key of their own."""
_SECRET_PAIRS = frozenset(
    {(".git", "config"), (".aws", "credentials"), (".aws", "config"), (".kube", "config"), (".docker", "config.json")}
)
_SECRET_FOLDERS = frozenset({".ssh", ".gnupg"})
_SHORT_GIT = re.compile(r"gi[t~][~0-9a-f]*~?[0-9]+")
_WILD = re.compile(r"\[[^]]*\]|[*?]")
_GUESSED = (".env", ".netrc", "id_rsa", ".npmrc")
"""What a pattern may mean that names no secret itself."""


def plain_parts(path: str) -> tuple[str, ...]:
    """The names that a path is made of, each in the one form in which names are compared. `..` stays at the front."""
    steps = posixpath.normpath(path.replace("\\", "/")).split("/")
    return tuple(_plain(step) for step in steps if step not in ("", "."))


def is_protected(path: str) -> bool:
    """Whether changing this needs the user's word in every mode. The path may hold `*`, `?` and `[...]`."""
    parts = plain_parts(path)
    named = any(_means(part, _FOLDERS) for part in parts) or (bool(parts) and _means(parts[-1], _FILES))
    return named or any(_pair_means(one, two, _PAIRS) for one, two in pairwise(parts)) or is_secret(path)


def is_secret(path: str) -> bool:
    """Whether reading this needs the user's word."""
    parts = plain_parts(path)
    if not parts or parts[-1].endswith(".pub"):
        return False
    named = any(fnmatch.fnmatchcase(parts[-1], pattern) for pattern in _SECRETS)
    guessed = _is_pattern(parts[-1]) and any(_may_be(parts[-1], name) for name in _GUESSED)
    inside = any(_means(part, _SECRET_FOLDERS) for part in parts)
    return named or guessed or inside or any(_pair_means(one, two, _SECRET_PAIRS) for one, two in pairwise(parts))


def is_outside(path: str) -> bool:
    """Whether a path, as an effect or a command names it, leads out of the workspace."""
    return path.startswith(("/", "~")) or posixpath.normpath(path).split("/")[0] == ".." or path[1:3] in (":/", ":\\")


def lies_in(path: str, folders: tuple[str, ...]) -> bool:
    """Whether a path is one of these folders or lies in one."""
    parts = plain_parts(path)
    return any(parts[: len(above)] == above for above in map(plain_parts, folders) if above)


def _plain(name: str) -> str:
    if name in ("..", "*", "**"):
        return name
    letters = unicodedata.normalize("NFKC", name).casefold()
    visible = "".join(letter for letter in letters if unicodedata.category(letter) not in ("Cf", "Cc", "Mn"))
    short = visible.split(":")[0].rstrip(" .")
    return ".git" if _SHORT_GIT.fullmatch(short) else short or visible


def _means(part: str, names: frozenset[str]) -> bool:
    return part in names or (_is_pattern(part) and any(_may_be(part, name) for name in names))


def _may_be(pattern: str, name: str) -> bool:
    """Whether a shell could take this pattern for the name. A star in front means no name that begins with a dot."""
    return (name[0] != "." or pattern[0] in ".[") and fnmatch.fnmatchcase(name, pattern)


def _pair_means(one: str, two: str, pairs: frozenset[tuple[str, str]]) -> bool:
    return any(_means(one, frozenset((above,))) and _means(two, frozenset((below,))) for above, below in pairs)


def _is_pattern(part: str) -> bool:
    """Whether a name stands for several that are alike. `*` and `*.py` stand for all sorts, and hint at none."""
    stem = part if part.startswith(".") else part.rsplit(".", 1)[0]
    return bool(_WILD.search(part)) and bool(_WILD.sub("", stem))
