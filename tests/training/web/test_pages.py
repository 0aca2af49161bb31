"""Pages in a folder, with an index or without."""

import pytest

from demiurgic.errors import UserError
from demiurgic_training.web.pages import Page, file_of, read_index, read_text, write_index, write_page

PAGE = Page("pages/a.txt", "http://host/a", "甲", "2024-09-08")


def test_what_is_written_is_read(tmp_path):
    write_page(tmp_path, PAGE, "文字\n更多")
    assert write_index(tmp_path, [PAGE]) == 1
    assert read_index(tmp_path) == [PAGE]
    assert read_text(tmp_path, PAGE) == "文字\n更多"


def test_a_folder_of_texts_needs_no_index(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.txt").write_text("乙", "utf-8")
    (tmp_path / "a.txt").write_text("甲", "utf-8")
    pages = read_index(tmp_path)
    assert [page.source for page in pages] == ["a.txt", "sub/b.txt"]
    assert read_text(tmp_path, pages[1]) == "乙"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"file": "../x.txt"}', "leads out of the folder"),
        ('{"file": "/etc/passwd"}', "leads out of the folder"),
        ('{"file": 1}', "told in texts"),
        ('{"url": "x"}', "no page"),
        ('{"file": "a.txt", "more": 1}', "no page"),
        ("[]", "no JSON object"),
        ("{", "no JSON object"),
    ],
)
def test_a_damaged_index_names_its_line(tmp_path, line, said):
    write_index(tmp_path, [PAGE])
    with (tmp_path / "index.jsonl").open("a") as index:
        index.write(f"{line}\n")
    with pytest.raises(UserError, match=rf"index\.jsonl, line 2: .*{said}"):
        read_index(tmp_path)


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(UserError, match="no folder of pages; demiurgic data crawl URL"):
        read_index(tmp_path / "none")
    with pytest.raises(UserError, match="holds no pages"):
        read_index(tmp_path)
    with pytest.raises(UserError, match="the text of http://host/a is not there"):
        read_text(tmp_path, PAGE)
    (tmp_path / "gb.txt").write_bytes("中文".encode("gbk"))
    with pytest.raises(UserError, match=r"gb\.txt is no UTF-8 text"):
        read_text(tmp_path, Page("gb.txt"))


def test_a_name_is_readable_and_of_one_address_only():
    assert file_of("http://host/").startswith("pages/index-")
    assert file_of("http://host/%E6%8B%9B%E7%94%9F/list.html?p=1").startswith("pages/招生-list-p-1-")
    assert file_of("http://host/../../etc/passwd").count("/") == 1
    assert file_of("http://host/a?b") != file_of("http://host/a/b")
    assert len(file_of("http://host/" + "长" * 500).encode()) < 255
