"""One answer at a time, within limits, from a real server."""

import gzip
import itertools
import time

import pytest
from support.local_site import LocalSite, Reply, moved

from demiurgic.errors import PrivateAddress
from demiurgic_training.web.fetching import Fetcher, Limits, Unreached

TEXT = b"<html>" + b"word " * 1000


@pytest.fixture(scope="module")
def site():
    pages = {
        "/page": Reply(TEXT, "Text/HTML;charset=GBK", headers={"X-Robots-Tag": "noindex"}),
        "/packed": Reply(gzip.compress(TEXT), headers={"Content-Encoding": "gzip"}),
        "/strange": Reply(TEXT, headers={"Content-Encoding": "br"}),
        "/bomb": Reply(gzip.compress(b"a" * (50 << 20)), headers={"Content-Encoding": "gzip"}),
        "/endless": Reply(b"<html>" + b"word " * 20_000, headers={"Connection": "close"}, endless=True),
        "/untold": Reply(TEXT, ""),
        "/wide": Reply("<html>中文</html>".encode("utf-16")),
        "/image": Reply(b"\x89PNG", "image/png"),
        "/liar": Reply(b"\x89PNG\r\n\0\0"),
        "/moved": moved("/page"),
        "/gone": Reply(b"x" * 100, status=404),
        "/busy": Reply(status=429, headers={"Retry-After": "7"}),
        "/dropped": Reply(TEXT, dropped=True),
        "/trickle": Reply(TEXT, trickle=0.05),
    }
    with LocalSite(pages) as serving:
        yield serving


@pytest.fixture(scope="module")
def fetcher():
    with Fetcher("demiurgic/1 (+me@example.org)", Limits(bytes=20_000, seconds=1.0), local=True) as opened:
        yield opened


def test_an_answer_is_what_came(site, fetcher):
    answer = fetcher.get(f"{site.url}/page", 0)
    assert (answer.status, answer.kind, answer.charset, answer.body) == (200, "text/html", "gbk", TEXT)
    assert answer.readable
    assert answer.whole
    assert answer.robots == "noindex"
    assert site.asked[-1].agent == "demiurgic/1 (+me@example.org)"


def test_packed_pages_are_unpacked_as_far_as_the_limit_goes(site, fetcher):
    assert fetcher.get(f"{site.url}/packed", 0).body == TEXT
    bomb = fetcher.get(f"{site.url}/bomb", 0)
    assert (bomb.whole, len(bomb.body)) == (False, 20_000)


def test_what_never_ends_is_cut(site, fetcher):
    endless = fetcher.get(f"{site.url}/endless", 0)
    assert (endless.whole, len(endless.body)) == (False, 20_000)


@pytest.mark.parametrize("path", ["/image", "/liar", "/strange"])
def test_what_is_no_text_is_known(site, fetcher, path):
    assert not fetcher.get(site.url + path, 0).readable


@pytest.mark.parametrize("path", ["/untold", "/wide"])
def test_what_is_text_is_known(site, fetcher, path):
    assert fetcher.get(site.url + path, 0).readable


def test_nothing_is_followed(site, fetcher):
    assert fetcher.get(f"{site.url}/moved", 0).location == "/page"
    gone = fetcher.get(f"{site.url}/gone", 0)
    assert (gone.status, gone.body, gone.location) == (404, b"", "")
    assert fetcher.get(f"{site.url}/busy", 0).pause == 7


@pytest.mark.parametrize("path", ["/dropped", "/trickle"])
def test_what_does_not_come_whole_and_in_time_did_not_come(site, fetcher, path):
    begun = time.monotonic()
    with pytest.raises(Unreached):
        fetcher.get(site.url + path, 0)
    assert time.monotonic() - begun < 2
    assert fetcher.get(f"{site.url}/page", 0).status == 200


def test_nobody_listening_is_said(fetcher):
    with pytest.raises(Unreached):
        fetcher.get("http://127.0.0.1:1/", 0)


def test_this_machine_is_out_of_reach_unless_it_is_allowed(site):
    before = len(site.asked)
    with Fetcher("demiurgic/1", Limits(), local=False) as careful, pytest.raises(PrivateAddress, match="own network"):
        careful.get(f"{site.url}/page", 0)
    assert len(site.asked) == before


def test_the_delay_lies_between_answer_and_question(site):
    with Fetcher("demiurgic/1", Limits(), local=True) as polite:
        for _ in range(3):
            polite.get(f"{site.url}/page", 0.2)
    times = [asked.at for asked in site.asked[-3:]]
    assert all(later - earlier >= 0.2 for earlier, later in itertools.pairwise(times))
