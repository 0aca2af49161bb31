"""Lines that are no page's own text, by rules that always do the same. A rule says of a line whether it goes."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Rule: TypeAlias = Callable[[str], bool]

_LEAST_PAGES, _SHARE = 4, 0.3
_SHORT = 120
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff\x00-\x08\x0b-\x1f\x7f]")
_BLANKS = re.compile(r"[^\S\n]+")

_BUTTONS = "|".join(
    (
        r"上一[篇页条](?:[：:].*)?|下一[篇页条](?:[：:].*)?|首页|末页|尾页|返回(?:首页|顶部|上页|列表)?",
        r"打印(?:本页)?|关闭(?:窗口|本页)?|更多|查看更多|阅读全文|加入收藏|设为首页|网站地图|友情链接",
        r"分享到?.{0,30}|字[号体][：:].{0,20}|(?:您(?:现在)?的|当前|所在)?位置[：:].*",
        r"(?:浏览|点击|阅读)(?:次数|量|数)?[：:]?\s*\d*\s*次?",
        r"(?:previous|next)(?:\s(?:page|post|article))?|back(?:\sto\s(?:the\s)?(?:top|home|list))?",
        r"home|menu|search|top|log\s?in|sign\s?(?:in|up)|read\smore|site\s?map|print(?:\sthis\spage)?",
        r"skip\sto\s(?:main\s)?content|share\s(?:this|on)\b.{0,40}|you\sare\shere:?.*|(?:page\s)?views?:?\s*\d+",
    )
)
_NAVIGATION = re.compile(rf"(?:{_BUTTONS})[\s>»›|·:：]*", re.IGNORECASE)
_PART = re.compile(r"\s*[|｜>＞»›]\s*|\s+[·•/]\s+")
_NO_NAME = re.compile(r"[^\w\s&'’.,()（）-]")
_COOKIES = re.compile(
    "|".join(
        (
            r"we use (?:\w+ ){0,4}cookies?|uses (?:\w+ ){0,3}cookies? (?:to|for)\b",
            r"cookies? (?:polic|setting|preference|consent|notice)",
            r"(?:accept|agree|allow|reject|manage) (?:\w+ ){0,4}cookies?",
            r"(?:本[网站页]+|我们).{0,10}(?:使用|采用).{0,8}cookies?",
            r"(?:接受|同意|拒绝|允许).{0,10}cookies?|cookies?.{0,8}(?:政策|设置|声明)",
        )
    ),
    re.IGNORECASE,
)
_RIGHTS = re.compile(
    r"版权(?:所有|归.{1,20}所有)|ICP[备证]\s*[\d-]|公网安备|^技术支持[：:]|copyright\s*(?:©|\(c\)|\d{4})|©\s*\d{4}|\d{4}\s*©"
    r"|all rights reserved|^powered by \S+(?: \S+)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What is left of a page, and how many lines each rule took."""

    text: str
    taken: Mapping[str, int]


def plain(text: str) -> str:
    """The same text with the blanks and line breaks of a plain one, and nothing that cannot be seen."""
    seen = _INVISIBLE.sub("", unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n"))
    lines = (_BLANKS.sub(" ", line).strip() for line in seen.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def repeated(texts: Iterable[str]) -> frozenset[str]:
    """The lines that stand on so many of these plain texts that they are the site's and not the page's."""
    pages, counts = 0, Counter[str]()
    for pages, text in enumerate(texts, 1):  # noqa: B007 - how many there were is needed behind the loop
        counts.update({line for line in text.split("\n") if line and not _in_table(line)})
    least = max(_LEAST_PAGES, _SHARE * pages)
    return frozenset(line for line, count in counts.items() if count >= least)


def clean(text: str, everywhere: frozenset[str]) -> Cleaned:
    """What is left of a plain text, where lines `everywhere` are the site's."""
    rules: Sequence[tuple[str, Rule]] = (
        ("repeated on many pages", everywhere.__contains__),
        ("navigation", _navigates),
        ("cookies", _asks_for_cookies),
        ("rights", _claims_rights),
    )
    kept: list[str] = []
    taken = Counter[str]()
    for line in text.split("\n"):
        name = next((name for name, takes in rules if line and takes(line)), None)
        if name is None and line and kept and line == kept[-1]:
            name = "said twice"
        if name is None:
            kept.append(line)
        else:
            taken[name] += 1
    return Cleaned(plain("\n".join(kept)), taken)


def _navigates(line: str) -> bool:
    if len(line) <= _SHORT and (_NAVIGATION.fullmatch(line) or _PART.fullmatch(line)):
        return True
    names = [name for name in _PART.split(line) if name]
    return len(names) >= 3 and not _in_table(line) and all(map(_names, names))


def _names(part: str) -> bool:
    """Whether it could be the name of a page in a menu."""
    return len(part) <= 16 and not part[0].islower() and not _NO_NAME.search(part)


def _asks_for_cookies(line: str) -> bool:
    return len(line) <= 3 * _SHORT and bool(_COOKIES.search(line))


def _claims_rights(line: str) -> bool:
    return len(line) <= _SHORT and bool(_RIGHTS.search(line))


def _in_table(line: str) -> bool:
    return line.startswith("|")
