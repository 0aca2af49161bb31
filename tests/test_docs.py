"""What the documents promise: commands that do what stands there, links that lead somewhere."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from support.fake_providers import FakeProvider, openai_answer
from support.reader import NOT_TRIED, REASONS, Reader, blocks, like

ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    ROOT / "bench" / "README.md",
    *sorted((ROOT / "server").rglob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
PAGES = [page for page in DOCUMENTS if blocks(page)]
TALKING = ("README.md", "start.md")
SEEN_ELSEWHERE = {("server.md", "bash")}
"""Blocks that have a test of their own, in which a server runs: tests/server/test_server_docs.py."""
FOLLOWED_ELSEWHERE = {"intents.md", "character.md"}
"""Pages whose whole test goes on where they end: tests/training/test_taught_recipes.py."""
NOT_TRIED_LINES = sorted(
    {
        line.split(" #")[0].split(" <")[0].split(" | ")[0].strip()
        for page in PAGES
        for block in blocks(page)
        if not block.tried
        for command, _ in block.commands()
        for line in command.replace("\\\n", " ").splitlines()
        if line.strip() and not line.startswith("#")
    }
)


@pytest.fixture(scope="module")
def installed() -> set[str]:
    return set()


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.name not in FOLLOWED_ELSEWHERE],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_every_block_does_what_stands_there(page: Path, tmp_path: Path, installed: set[str]):
    # Whoever talks to the agent wants an answer and not a small model's wanderings; pages that name a model get it.
    with FakeProvider(*(openai_answer({"content": "It adds the numbers below ten."}) for _ in range(9))) as provider:
        talks = page.name in TALKING
        reader = Reader(tmp_path, installed, f"{provider.url}/v1#m") if talks else Reader(tmp_path, installed)
        reader.prepare(page)
        for block in blocks(page):
            if block.tried and (page.name, block.language) not in SEEN_ELSEWHERE:
                reader.follow(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_is_not_tried_says_why_in_the_words_agreed_on(page: Path):
    for block in blocks(page):
        assert ("Not tried" in block.text) == (not block.tried), f"{page}:{block.line}: one of {REASONS}"


@pytest.mark.parametrize("command", [command for command in NOT_TRIED_LINES if command.startswith("demiurgic")])
def test_documented_commands_are_understood(command: str):
    words = shlex.split(command)[1:]
    done = subprocess.run(
        [sys.executable, "-m", "demiurgic", *words, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for flag in (word for word in words if word.startswith("-")):
        assert flag in done.stdout


@pytest.mark.parametrize("command", [command for command in NOT_TRIED_LINES if command.startswith("make")])
def test_documented_targets_exist(command: str):
    subprocess.run(["make", "-n", *command.split()[1:]], cwd=ROOT, check=True, capture_output=True)


def anchors(page: Path) -> set[str]:
    """As the sites that show Markdown make them of headings."""
    text = re.sub(r"(?ms)^```.*?^```", "", page.read_text("utf-8"))
    heads = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", head) for head in re.findall(r"(?m)^#+ (.+)$", text)]
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    text = re.sub(r"(?ms)^```.*?^```", "", page.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there), f"{target}: one of {sorted(anchors(there))}"


def test_every_page_can_be_found_from_the_readme():
    seen, ahead = set[Path](), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop().resolve()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = re.findall(r"\]\(([^)\s#]+)[^)]*\)", page.read_text("utf-8"))
        ahead += [page.parent / target for target in targets if (page.parent / target).is_file()]
    assert {page.resolve() for page in (ROOT / "docs").rglob("*.md")} <= seen


def test_the_pictures_of_the_architecture_are_what_is_checked():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    pictures = re.findall(r"(?ms)^```layers\n(.*?)^```", page)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    assert [[re.split(r"\s{2,}", line)[0] for line in picture.splitlines()] for picture in pictures] == layers


def test_the_readme_stays_short():
    assert len((ROOT / "README.md").read_text().splitlines()) < 250


@pytest.mark.parametrize(
    ("shown", "printed", "fits"),
    [
        ("one … three\n", "one two three\n", True),
        ("one\n…\nthree", "one\ntwo\nor more\nthree", True),
        ("one …", "none two", False),
        ("a.b", "a-b", False),
    ],
)
def test_what_is_shown_is_compared_to_the_letter_but_for_ellipses(shown, printed, fits):
    assert like(shown, printed) is fits


def test_a_command_that_fails_is_noticed(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("```sh\ntrue\nfalse\ntrue\n```\n", "utf-8")
    with pytest.raises(AssertionError, match=r"page\.md:1"):
        Reader(tmp_path / "home", set()).follow(blocks(page)[0])
    page.write_text("```sh\n# Not tried by our tests: needs a GPU.\nfalse\n```\n", "utf-8")
    assert not blocks(page)[0].tried
    assert NOT_TRIED.match("# Not tried by our tests: needs sleep.\n") is None
