"""One spelling for every address, so that no page is met twice."""

import pytest

from demiurgic_training.web.addresses import normal, site_of, target_of

BASE = "http://host.example/dir/page.html?q=1"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("other.html", "http://host.example/dir/other.html"),
        ("../up.html#part", "http://host.example/up.html"),
        ("/a/./b/../c", "http://host.example/a/c"),
        ("?page=2", "http://host.example/dir/page.html?page=2"),
        ("//other.example", "http://other.example/"),
        ("HTTP://HOST.example:80/A", "http://host.example/A"),
        ("https://host.example:443/", "https://host.example/"),
        ("http://host.example:8080", "http://host.example:8080/"),
        ("/招生", "http://host.example/%E6%8B%9B%E7%94%9F"),
        ("/%e6%8b%9b%e7%94%9f", "http://host.example/%E6%8B%9B%E7%94%9F"),
        ("/%7Euser/%41", "http://host.example/~user/A"),
        (" /a\n\tb ", "http://host.example/ab"),
        ("/a b", "http://host.example/a%20b"),
    ],
)
def test_every_address_has_one_spelling(written, found):
    assert normal(written, BASE) == found
    assert normal(found) == found


@pytest.mark.parametrize(
    "written",
    [
        "mailto:a@b.example",
        "javascript:void(0)",
        "data:text/html,x",
        "ftp://host/x",
        "http://me:secret@host/",
        "http://host:port/",
        "http://[::1",
        "/" + "a" * 3000,
    ],
)
def test_what_is_no_address_of_the_web_is_left_out(written):
    assert normal(written, BASE) is None
    assert normal(written) is None


@pytest.mark.parametrize("written", ["http://", "page.html", "//host/", ""])
def test_a_first_address_is_whole(written):
    assert normal(written) is None


def test_a_site_ends_where_scheme_host_or_port_do():
    assert site_of("http://host:81/a/b?c") == "http://host:81"
    assert site_of("http://host?c") == "http://host"
    assert len({site_of(url) for url in ("http://host/", "https://host/", "http://host:81/", "http://www.host/")}) == 4
    assert target_of("http://host/a/b?c=/d") == "/a/b?c=/d"
    assert target_of("http://host?c") == "/?c"
