"""Where a page leads."""

import pytest

from demiurgic_training.web.links import Leads, leads_of

HERE = "http://host.example/dir/page.html"


def links(html):
    return leads_of(html, HERE).links


def test_links_are_told_once_in_their_order():
    html = (
        '<a href="b">x</a><a href=a>y</a><map><area href="/c"></map><a href="b#z">x</a><a name=q>no</a><a href="">e</a>'
    )
    assert links(html) == ("http://host.example/dir/b", "http://host.example/dir/a", "http://host.example/c")


def test_links_count_from_the_base():
    assert links('<base href="/other/"><base href="/no/"><a href="x">x</a>') == ("http://host.example/other/x",)
    assert links('<base href="mailto:x"><a href="x">x</a>') == ("http://host.example/dir/x",)


def test_what_is_not_to_be_followed_is_not():
    assert links('<a href=a rel="external nofollow">x</a><!-- <a href=b> --><script>"<a href=c>"</script>') == ()
    assert leads_of('<meta name="Robots" content="NOINDEX, nofollow">', HERE).words == {"noindex", "nofollow"}
    assert leads_of('<meta name="otherbot" content="noindex">', HERE).words == frozenset()


def test_frames_and_refreshes_are_no_further_away():
    html = '<meta http-equiv=refresh content="3;url=\'/next\'"><frameset><frame src="f"></frameset>'
    assert leads_of(html, HERE) == Leads((), ("http://host.example/next", "http://host.example/dir/f"))


@pytest.mark.parametrize("html", ["", " ", "<", "\0", "<?xml version='1.0' encoding='gbk'?><html/>", "<![if x]>\ud800"])
def test_no_page_is_too_broken(html):
    assert leads_of(html, HERE).links == ()


def test_a_hostile_page_takes_no_time():
    assert len(leads_of("<a href='x'>" * 100_000, HERE).links) == 1
    assert leads_of("<!--" * 200_000 + "<div>" * 100_000, HERE).links == ()
