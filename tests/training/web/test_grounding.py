"""A quote counts if the page says it, however it is set, and only then."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demiurgic_training.web.grounding import Grounds

PAGE = """学院概况
计算机学院成立于1985年，现有教师120人，
其中教授35人。学费每年1.5万元，比例为1:5，增长了12%。
Opening hours: Monday–Friday, 8:00 to 17:30 (winter: −5 °C inside!).
The C++ course costs €40; the C course costs $30. Its "room" is B-12."""


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("计算机学院成立于1985年", "计算机学院成立于1985年"),
        ("计算机学院成立于１９８５年。现有教师 120 人", "计算机学院成立于1985年，现有教师120人"),
        ("现有教师120人，其中教授35人", "现有教师120人，\n其中教授35人"),
        ("“现有教师120人”", "现有教师120人"),
        ("OPENING HOURS: monday - friday; 8:00", "Opening hours: Monday–Friday, 8:00"),
        ("winter: -5 °C inside", "winter: −5 °C inside"),
        ("The C++ course costs €40", "The C++ course costs €40"),
        ("its room is b-12", 'Its "room" is B-12'),
        ("  学费每年1.5万元 \n", "学费每年1.5万元"),
    ],
)
def test_blanks_width_and_punctuation_do_not_matter(quote, found):
    assert Grounds(PAGE).find(quote) == found


@pytest.mark.parametrize(
    "quote",
    [
        "计算机学院成立于1986年",
        "计算机学院成立于198年",
        "学费每年15万元",
        "学费每年1,5万元",
        "比例为1.5，增长了12%",
        "增长了12。Opening hours",
        "winter: 5 °C inside",
        "The C course costs €40",
        "The C++ course costs $40",
        "Opening hours: Monday, Friday, 8:00 to 17:3",
        "教授35人。其中",
        "其中教授35人 … Opening hours",
        "hours Monday",
        "年",
        "",
        "，。！",
        "ening hours: Monday–Friday",
    ],
)
def test_what_the_page_does_not_say_is_not_found(quote):
    assert Grounds(PAGE).find(quote) is None


@given(st.text(min_size=1), st.data())
def test_whatever_is_found_is_the_pages_own_text(page, data):
    grounds = Grounds(page)
    start = data.draw(st.integers(0, len(page)))
    quote = page[start : data.draw(st.integers(start, len(page)))]
    found = grounds.find(quote)
    if found is not None:
        assert grounds.find(found) is not None
    assert grounds.find(quote + " zzzz") is None or "z" in page.casefold()


def test_an_accent_in_two_letters_is_the_same():
    assert Grounds("Le café est ouvert ici").find("cafe\u0301 est ouvert ici") == "café est ouvert ici"
