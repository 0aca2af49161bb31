"""A whole site, with all that makes crawlers stumble, becomes text files."""

import itertools
import json
from pathlib import Path

import pytest
from support.campus import campus
from support.local_site import LocalSite, Reply, moved

from demiurgic.errors import UserError, WorkError
from demiurgic_training.web.crawling import Plan, Standing, crawl
from demiurgic_training.web.fetching import Fetcher, Limits
from demiurgic_training.web.pages import read_index, read_text
from demiurgic_training.web.visits import Outcome

ROBOTS = "/robots.txt"


def crawled(site: LocalSite, folder: Path, start: str = "/", **wishes) -> Standing:
    plan = Plan(site.url + start, **{"delay": 0.0, **wishes})
    with Fetcher("demiurgic/1 (+me@example.org)", Limits(seconds=2.0), local=True) as fetcher:
        return crawl(plan, fetcher, folder, lambda standing: None)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The college, crawled once."""
    folder = tmp_path_factory.mktemp("campus")
    with campus() as site:
        crawled(site, folder)
        yield site, folder


def stairs() -> LocalSite:
    """Three pages, one behind the other."""
    below = {1: '<a href="/deep/2">2</a>', 2: '<a href="/deep/3">3</a>', 3: ""}
    return LocalSite(
        {f"/deep/{n}": Reply(f"<html><p>Page {n} says this.</p>{below[n]}</html>".encode()) for n in below}
    )


def visits(folder: Path) -> dict[str, tuple[str, str]]:
    rows = [json.loads(line) for line in (folder / "crawl.jsonl").read_text().splitlines()]
    return {row["place"]["url"].split("/", 3)[3]: (row["outcome"], row["why"]) for row in rows if "place" in row}


def texts(folder: Path) -> dict[str, str]:
    return {page.url.split("/", 3)[3]: read_text(folder, page) for page in read_index(folder)}


def test_every_address_says_what_became_of_it(whole):
    site, folder = whole
    found = visits(folder)
    expected = {
        "copy.html": ("twice", ""),
        "empty.html": ("empty", ""),
        "missing": ("gone", "status 404"),
        "gone": ("gone", "status 410"),
        "redirect/off": ("left", "http://elsewhere.example/"),
        "redirect/inward": ("left", "http://169.254.169.254/latest/meta-data"),
        "redirect/in": ("moved", f"{site.url}/moved.html"),
        "redirect/5": ("gone", "redirected again and again"),
        "big.html": ("large", "more than 4194304 bytes"),
        "file.pdf": ("binary", "application/pdf"),
        "picture.html": ("binary", "text/html"),
        "private/secret.html": ("denied", "robots.txt"),
        "search.cgi": ("denied", "robots.txt"),
        "noindex.html": ("denied", "the page"),
        "slow.html": ("failed", "no whole answer within 2 s"),
        "broken.html": ("failed", "status 500"),
    }
    assert {path: found[path] for path in expected} == expected
    kept = [path for path, (outcome, _) in found.items() if outcome == "kept"]
    assert len(kept) == 32
    assert {"", "about.html", "news/12.html", "private/open.html", "moved.html", "framed.html", "fresh.html"} <= {*kept}


def test_nothing_is_asked_for_twice_but_what_failed(whole):
    site, _ = whole
    again = {path: count for path, count in site.counts.items() if count > 1}
    assert again == {"/slow.html": 3, "/dropped.html": 3, "/busy.html": 2, "/broken.html": 3}


def test_what_is_not_for_us_is_not_asked_for(whole):
    site, _folder = whole
    never = {
        "/private/secret.html",
        "/search.cgi",
        "/hidden.html",
        "/deep/2",
        "/deep/3",
        "/redirect/6",
        "/latest/meta-data",
    }
    assert not never & set(site.counts)
    assert {asked.agent for asked in site.asked} == {"demiurgic/1 (+me@example.org)"}


def test_only_what_a_page_says_is_kept(whole):
    _, folder = whole
    found = texts(folder)
    assert found["about.html"] == (
        "学院概况\n计算机学院成立于1985年，现有教师120人，其中教授35人，设有三个系。\n学院办公室电话：010-12345678，在主楼三层。"
    )
    everything = "\n".join(found.values())
    for noise in ("Cookie", "版权所有", "ICP", "首页\n"):
        assert noise not in everything


def test_every_charset_is_read(whole):
    _, folder = whole
    found = texts(folder)
    for name, words in {
        "right": "图书馆周一至周五",
        "lie": "食堂在校园东侧",
        "utf8": "宿舍楼共有十二栋",
        "none": "体育馆每天下午四点",
        "big5": "圖書館藏書一百二十萬冊",
    }.items():
        assert words in found[f"charset/{name}.html"]


def test_address_title_and_date_are_at_hand(whole):
    site, folder = whole
    pages = {page.url: page for page in read_index(folder)}
    page = pages[f"{site.url}/news/3.html"]
    assert (page.title, page.date) == ("新闻第3号", "2024-03-08")
    assert page.file.startswith("pages/news-3-")
    assert pages[f"{site.url}/%E6%8B%9B%E7%94%9F.html"].file.startswith("pages/招生-")
    assert len({page.file for page in pages.values()}) == len(pages) == len([*(folder / "pages").iterdir()])


def test_a_second_start_asks_only_for_what_failed(whole):
    site, folder = whole
    before = site.counts
    standing = crawled(site, folder)
    assert {path for path, count in site.counts.items() if count > before[path]} == {
        ROBOTS,
        "/slow.html",
        "/broken.html",
    }
    assert standing.outcomes[Outcome.KEPT] == 32


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_depth_is_the_number_of_links_between(tmp_path, depth):
    with stairs() as site:
        crawled(site, tmp_path, "/deep/1", depth=depth)
    assert [asked.path for asked in site.asked[1:]] == ["/deep/1", "/deep/2", "/deep/3"][: depth + 1]


def test_frames_within_frames_come_to_an_end(tmp_path):
    frames = {f"/{n}": Reply(f'<html><p>Frame {n} says this.</p><iframe src="/{n + 1}">'.encode()) for n in range(20)}
    with LocalSite(frames) as site:
        crawled(site, tmp_path, "/0", depth=0)
    assert [asked.path for asked in site.asked[1:]] == [f"/{n}" for n in range(6)]


def test_a_deeper_crawl_goes_on_from_a_shallow_one(tmp_path):
    with stairs() as site:
        crawled(site, tmp_path, "/deep/1", depth=0)
        crawled(site, tmp_path, "/deep/1", depth=5)
    assert site.counts == {ROBOTS: 2, "/deep/1": 1, "/deep/2": 1, "/deep/3": 1}


def test_no_more_is_asked_for_than_was_allowed(tmp_path):
    with campus() as site:
        standing = crawled(site, tmp_path, most=4)
        assert len(site.asked) == 5  # with robots.txt
        assert standing.waiting > 20
        crawled(site, tmp_path, most=6)
    assert len(site.asked) == 8
    assert len(read_index(tmp_path)) == 6


def test_the_delay_that_robots_txt_asks_for_is_kept(tmp_path):
    with stairs() as site:
        site.pages[ROBOTS] = Reply(b"User-agent: *\nCrawl-delay: 0.3", "text/plain")
        standing = crawled(site, tmp_path, "/deep/1", depth=2)
    times = [asked.at for asked in site.asked[1:]]
    assert standing.delay == 0.3
    assert len(times) == 3
    assert all(later - earlier >= 0.3 for earlier, later in itertools.pairwise(times))


@pytest.mark.parametrize("status", [404, 403])
def test_a_site_without_rules_may_be_read(tmp_path, status):
    with campus() as site:
        site.pages[ROBOTS] = Reply(status=status)
        assert crawled(site, tmp_path, "/private/secret.html", depth=0).outcomes == {Outcome.KEPT: 1}


@pytest.mark.parametrize("reply", [Reply(status=500), Reply(b"User-agent: *\n" * 9, "text/plain", dropped=True)])
def test_a_site_whose_rules_cannot_be_read_is_left_alone(tmp_path, reply):
    with campus() as site:
        site.pages[ROBOTS] = reply
        with pytest.raises(WorkError, match=r"robots\.txt|does not answer"):
            crawled(site, tmp_path)
    assert set(site.counts) == {ROBOTS}


def test_rules_that_have_moved_are_followed_on_the_site_only(tmp_path):
    with campus() as site:
        site.pages |= {ROBOTS: moved("/rules"), "/rules": Reply(b"User-agent: *\nDisallow: /", "text/plain")}
        with pytest.raises(UserError, match="wants no robots"):
            crawled(site, tmp_path / "here")
        site.pages[ROBOTS] = moved("http://elsewhere.example/robots.txt")
        with pytest.raises(UserError, match=r"demiurgic data crawl http://elsewhere\.example/"):
            crawled(site, tmp_path / "there")
    assert "/" not in site.counts


@pytest.mark.parametrize(
    ("start", "kind", "said"),
    [
        ("/redirect/off", UserError, "leads off its site: http://elsewhere.example/"),
        ("/missing", UserError, "status 404"),
        ("/file.pdf", UserError, "application/pdf"),
        ("/private/secret.html", UserError, "wants no robots"),
        ("/broken.html", WorkError, "status 500"),
        ("/slow.html", WorkError, "within 2 s"),
    ],
)
def test_a_start_that_cannot_be_one_says_why(tmp_path, start, kind, said):
    with campus() as site, pytest.raises(kind, match=said):
        crawled(site, tmp_path, start)


def test_a_folder_is_for_one_crawl(tmp_path):
    with stairs() as site:
        crawled(site, tmp_path, "/deep/3")
        with pytest.raises(UserError, match="name another folder with --out"):
            crawled(site, tmp_path, "/deep/2")
    assert (tmp_path / "crawl.jsonl").read_text().count("\n") == 2


def test_a_site_that_goes_down_is_left_alone_and_gone_on_with(tmp_path):
    with campus() as site:
        whole = dict(site.pages)
        news = {path for path in whole if path.startswith("/news/")}
        site.pages |= dict.fromkeys(news, Reply(status=500))
        with pytest.raises(WorkError, match="does not answer any more; start again later"):
            crawled(site, tmp_path)
        assert len(news & set(site.counts)) == 5
        site.pages = whole
        crawled(site, tmp_path)
    assert site.counts["/about.html"] == 1
    assert site.counts["/news/1.html"] == 4
    assert len(read_index(tmp_path)) == 32


def test_a_robot_that_is_told_to_stay_out_stays_out(tmp_path):
    with campus() as site:
        site.pages[ROBOTS] = Reply(b"User-agent: demiurgic\nDisallow: /\n\nUser-agent: *\nAllow: /", "text/plain")
        with pytest.raises(UserError, match=r"wants no robots \(robots.txt\)"):
            crawled(site, tmp_path)
    assert set(site.counts) == {ROBOTS}
