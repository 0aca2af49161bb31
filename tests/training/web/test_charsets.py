"""Bytes become text, whatever is said of their charset."""

import pytest

from demiurgic_training.web.charsets import decoded

CHINESE = "图书馆周一至周五早上八点开门，晚上十点关门，节假日另行通知。朱镕基"
META = '<meta charset="gb2312">'
OLD_META = '<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=gb2312">'


@pytest.mark.parametrize(
    ("text", "charset", "declared"),
    [
        (CHINESE, "utf-8", None),
        (CHINESE, "utf-8", "utf-8"),
        (CHINESE, "utf-8", "ISO-8859-1"),
        (CHINESE, "utf-8", "gbk"),
        (CHINESE, "utf-8-sig", "gbk"),
        (CHINESE, "utf-16", None),
        (CHINESE, "utf-16-le", "utf-16-le"),
        (CHINESE, "gb18030", "gb2312"),
        (CHINESE, "gb18030", '"GBK"'),
        (CHINESE, "gb18030", None),
        (META + CHINESE, "gb18030", None),
        (META + CHINESE, "gb18030", "utf-8"),
        (OLD_META + CHINESE, "gb18030", "ISO-8859-1"),
        (META + CHINESE, "utf-8", None),
        ("圖書館藏書一百二十萬冊，每週一至週五開放，歡迎讀者借閱", "big5", "big5"),
        ("図書館は月曜日から金曜日まで開いています", "shift_jis", "Shift_JIS"),
        ("図書館は月曜日から金曜日まで開いています", "iso-2022-jp", "iso-2022-jp"),
        ("café à Paris", "iso-8859-1", "iso-8859-1"),
        ("“quotes” – dashes", "cp1252", "iso-8859-1"),
        ("plain", "ascii", "no-such-charset"),
        ("plain", "ascii", "base64"),
    ],
)
def test_the_right_charset_is_found(text, charset, declared):
    page = f"<html><head>{text}</head></html>"
    assert decoded(page.encode(charset), declared) == page


def test_one_damaged_byte_does_not_cost_the_charset():
    page = bytearray((CHINESE * 20).encode("utf-8"))
    page[60] = 0xFF
    assert CHINESE in decoded(bytes(page), None)
    page = bytearray((CHINESE * 20).encode("gb18030"))
    page[-2] = 0xFF
    assert CHINESE in decoded(bytes(page), "gbk")


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x00\x01\x02\xfe" * 50, bytes(range(256))])
def test_nothing_is_too_broken(data):
    assert isinstance(decoded(data, "utf-8"), str)
