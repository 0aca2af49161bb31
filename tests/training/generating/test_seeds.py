"""What tasks are made of, who gets them, and that a second start draws the same."""

import json
from collections import Counter

import pytest

from demiurgic.errors import UserError
from demiurgic_training.generating.evolving import load_evolving
from demiurgic_training.generating.listed import load_tasks
from demiurgic_training.generating.mixing import Mix, parse_shares
from demiurgic_training.generating.seeds import Task
from demiurgic_training.generating.snippets import load_snippets
from demiurgic_training.generating.taxonomy import load_taxonomy


def test_shares_add_up_to_one():
    assert parse_shares("anthropic:0.4,openai:0.4,local:0.2", "--mix") == pytest.approx(
        {"anthropic": 0.4, "openai": 0.4, "local": 0.2}
    )
    assert parse_shares("a:1,b:3", "--mix") == {"a": 0.25, "b": 0.75}


@pytest.mark.parametrize("name", ["local", "anthropic:claude-haiku-5-5", "http://localhost:8000/v1#m", "m.gguf"])
def test_a_name_alone_has_all(name):
    assert parse_shares(name, "--mix") == {name: 1.0}


@pytest.mark.parametrize("text", ["a:0.5,b", "a:-1,b:2", "a:0,b:0", "a:x,b:1", "a:0.5,a:0.5", "", ",", "a:1,"])
def test_what_is_no_mix(text):
    with pytest.raises(UserError, match="--mix"):
        parse_shares(text, "--mix")


def test_any_first_pieces_are_shared_as_is_wished():
    mix = Mix({"a": 0.4, "b": 0.4, "c": 0.2}, {"a": "A", "b": "B", "c": "C"})
    for count in (5, 10, 100):
        given = Counter(mix.name(number) for number in range(count))
        assert given == {"a": 0.4 * count, "b": 0.4 * count, "c": 0.2 * count}
    assert mix.of(0) == ("A", 0)
    places = [place for number in range(50) for choice, place in [mix.of(number)] if choice == "C"]
    assert places == list(range(10))


def test_seeds_of_the_taxonomy_differ_and_come_again():
    first, again = load_taxonomy(), load_taxonomy()
    seeds = [first.seed(number) for number in range(300)]
    assert seeds == [again.seed(number) for number in range(300)]
    assert len({seed.words for seed in seeds}) == 300
    assert load_taxonomy(run=1).seed(0) != seeds[0]
    topics = Counter(seed.source.split(",")[0] for seed in seeds[: len(first.topics)])
    assert len(topics) == 20, "every topic comes before one comes again as a whole"


def test_a_taxonomy_without_topics_is_none(tmp_path):
    (tmp_path / "t.toml").write_text('skills = ["a"]\nlevels = ["b"]')
    with pytest.raises(UserError, match="no taxonomy"):
        load_taxonomy(tmp_path / "t.toml")


def test_snippets_are_pieces_of_the_code_with_their_place(tmp_path):
    lines = [f"line_{number} = {number}" for number in range(100)]
    (tmp_path / "a.py").write_text("\n".join(lines))
    (tmp_path / "notes.txt").write_text("\n".join(lines))
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "b.py").write_text("\n".join(lines))
    snippets = load_snippets(tmp_path, "MIT")
    seed = snippets.seed(3)
    assert seed == snippets.seed(3)
    assert seed.licence == "MIT"
    name, _, line = seed.source.partition(":")
    assert name == "a.py"
    assert f"line_{int(line) - 1} =" in seed.words


def test_a_folder_without_code_is_told(tmp_path):
    with pytest.raises(UserError, match="holds no code"):
        load_snippets(tmp_path)
    with pytest.raises(UserError, match="is no folder"):
        load_snippets(tmp_path / "nowhere")


def test_tasks_by_line_and_as_rows(tmp_path):
    (tmp_path / "tasks.txt").write_text("Sort a list.\n\nReverse a text.\n")
    assert [task.prompt for task in load_tasks(tmp_path / "tasks.txt").tasks] == ["Sort a list.", "Reverse a text."]
    rows = [
        {"prompt": "Add.", "tests": ["assert add(1, 2) == 3"], "entry_point": "add"},
        {"messages": [{"role": "user", "content": "Old question"}, {"role": "assistant", "content": "x"}]},
    ]
    (tmp_path / "tasks.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert load_tasks(tmp_path / "tasks.jsonl").tasks == [
        Task("Add.", "assert add(1, 2) == 3", "add"),
        Task("Old question"),
    ]


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_no_tasks_at_all(tmp_path, text):
    (tmp_path / "tasks.txt").write_text(text)
    with pytest.raises(UserError, match="holds no tasks"):
        load_tasks(tmp_path / "tasks.txt")


def test_a_bad_line_is_told_with_its_number(tmp_path):
    (tmp_path / "tasks.jsonl").write_text('{"prompt": "fine"}\n{"prompt": 3}\n')
    with pytest.raises(UserError, match="line 2"):
        load_tasks(tmp_path / "tasks.jsonl")


def test_earlier_tasks_evolve_in_different_ways(tmp_path):
    (tmp_path / "tasks.txt").write_text("Sort a list.\nReverse a text.\n")
    evolving = load_evolving(load_tasks(tmp_path / "tasks.txt"))
    seeds = [evolving.seed(number) for number in range(20)]
    assert "Sort a list." in seeds[0].words
    assert "Reverse a text." in seeds[1].words
    assert len({seed.words for seed in seeds}) > 10
    assert seeds[0].source == "evolved from tasks.txt:1"
