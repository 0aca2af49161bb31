"""robots.txt as RFC 9309 reads it."""

import time

import pytest

from demiurgic_training.web.robots import Rule, read_robots


def allowed(text, target):
    return read_robots(text, "demiurgic").allows(target)


@pytest.mark.parametrize(
    ("rules", "target", "may"),
    [
        ("", "/a", True),
        ("Disallow:", "/a", True),
        ("Disallow: /", "/a", False),
        ("Disallow: /a", "/abc", False),
        ("Disallow: /a/", "/a", True),
        ("Disallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("Allow: /a/b\nDisallow: /a", "/a/c", False),
        ("Allow: /a\nDisallow: /a", "/a", True),
        ("Disallow: /*.pdf$", "/x/y.pdf", False),
        ("Disallow: /*.pdf$", "/x/y.pdf?z", True),
        ("Disallow: /a*b*c", "/a-b-c-d", False),
        ("Disallow: /a*b*c", "/a-c-b", True),
        ("Disallow: /*?", "/a?b", False),
        ("Disallow: /exact$", "/exact", False),
        ("Disallow: /exact$", "/exactly", True),
        ("Disallow: /招生", "/%E6%8B%9B%E7%94%9F/a", False),
        ("Disallow: /%e6%8b%9b", "/招", False),
        ("Disallow: /~a", "/%7Ea", False),
        ("disALLOW : /a # here\n", "/a", False),
    ],
)
def test_the_rule_that_says_most_decides(rules, target, may):
    assert allowed(f"User-agent: *\n{rules}", target) is may


def test_the_group_of_our_name_counts_alone():
    text = "User-agent: *\nDisallow: /\n\nUser-agent: Other\nUser-agent: Demiurgic/1.0\nDisallow: /mine\n"
    assert allowed(text, "/a")
    assert not allowed(text, "/mine")
    assert not read_robots(text, "third").allows("/a")


def test_groups_of_one_name_are_one():
    text = "User-agent: *\nDisallow: /a\n\nUser-agent: x\nDisallow: /\n\nUser-agent: *\nDisallow: /b\n"
    assert [allowed(text, target) for target in ("/a", "/b", "/c")] == [False, False, True]


@pytest.mark.parametrize(
    ("line", "delay"), [("Crawl-delay: 2", 2), ("crawl-delay: 0.5", 0.5), ("Crawl-delay: -1", 0), ("Crawl-delay: x", 0)]
)
def test_a_delay_is_kept(line, delay):
    assert read_robots(f"User-agent: *\n{line}\nDisallow: /a", "demiurgic").delay == delay


@pytest.mark.parametrize("text", ["", "\ufeffUser-agent: *\r\nAllow: /", "<html>404</html>", "Disallow: /", ":\n:::\n"])
def test_what_says_nothing_to_us_allows_everything(text):
    assert allowed(text, "/a")


def test_no_pattern_takes_long():
    rule = Rule("/" + "*a" * 500 + "$", allows=False)
    begun = time.monotonic()
    assert not rule.meets("/" + "a" * 2000 + "b")
    assert time.monotonic() - begun < 0.5
