"""Lines that are no page's own text go; all others stay, letter for letter."""

import pytest

from demiurgic_training.web.rules import clean, plain, repeated

NOWHERE = frozenset()


@pytest.mark.parametrize(
    "line",
    [
        "首页",
        "上一篇：学院新闻",
        "下一页 >",
        "当前位置：首页 > 学院概况",
        "您现在的位置：首页",
        "浏览次数：123次",
        "打印本页",
        "分享到：微信 微博",
        "首页 > 学院概况 > 学院简介",
        "Home | About us | Contact",
        "Home › Courses › Databases",
        "Skip to main content",
        "Back to top",
        "Previous page »",
        "Page views: 42",
        ">",
        "我们使用Cookie来改善您的体验。",
        "接受全部 Cookie",
        "We use cookies to improve your experience.",
        "Cookie preferences",
        "Accept all cookies",
        "版权所有 © 2024 某某大学",
        "京ICP备12345678号",
        "Copyright © 2024 A University",
        "© 2024 All rights reserved.",
        "Powered by WordPress",
    ],
)
def test_what_is_no_text_goes(line):
    assert clean(f"文字\n{line}\nWords.", NOWHERE).text == "文字\nWords."


@pytest.mark.parametrize(
    "line",
    [
        "学院首页于2024年改版。",
        "打印店在图书馆一层。",
        "The menu of the canteen changes daily.",
        "Home is where the heart is.",
        "TCP/IP/UDP",
        "cat notes | grep word | sort",
        "if a > b > c: stop",
        "维·伊·列宁 · 全集",
        "| Name | Room | Phone |",
        "|---|---|",
        "本课程讲解Cookie的工作原理。",
        "HTTP cookies are small pieces of data.",
        "Copyright law is taught in the second year.",
        "The campus is powered by solar panels.",
        "上一次会议在主楼举行。",
        "地址：主楼三层",
        "2024-09-08",
    ],
)
def test_what_is_text_stays(line):
    assert clean(f"文字\n{line}\nWords.", NOWHERE).text == f"文字\n{line}\nWords."


def test_lines_that_stand_on_many_pages_are_the_sites():
    pages = [f"校训：厚德博学\n第{number}页\n| 表 | 头 |" for number in range(10)]
    pages += ["有时\n其他"] * 2
    assert repeated(pages) == {"校训：厚德博学"}


def test_few_pages_say_nothing_of_what_repeats():
    assert repeated(["同\n一", "同\n二", "同\n三"]) == frozenset()


def test_what_was_taken_is_counted_by_rule():
    cleaned = clean("校训\n首页\n甲\n甲\n乙\n版权所有\n我们使用Cookie", frozenset({"校训"}))
    assert cleaned.text == "甲\n乙"
    assert cleaned.taken == {
        "repeated on many pages": 1,
        "navigation": 1,
        "said twice": 1,
        "rights": 1,
        "cookies": 1,
    }


def test_blanks_become_plain_ones():
    raw = "\ufeff　　第一\u00a0\u200b段 \t x\r\n\r\n\n\n\n  第二段\x00\n"
    assert plain(raw) == "第一 段 x\n\n第二段"
    assert plain(plain(raw)) == plain(raw)
    assert plain("Cafe\u0301") == "Caf\u00e9"


def test_no_line_takes_long():
    for line in ("cookie " * 50_000, "a > " * 50_000, " " * 200_000 + "x", "首" * 200_000, "you are here:" * 20_000):
        clean(plain(line), NOWHERE)
