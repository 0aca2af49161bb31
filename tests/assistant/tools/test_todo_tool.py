"""The plan that the user sees."""

from support.tool_calls import called, failure, planned, surroundings

from demiurgic.tools.protocol import TodoView
from demiurgic.tools.todo import TodoTool

ITEMS = [{"text": "look", "state": "done"}, {"text": "mend", "state": "active"}, {"text": "test", "state": "pending"}]


def test_the_plan_is_shown_and_where_it_stands_is_told(tmp_path):
    around = surroundings(tmp_path)
    plan = planned(TodoTool(), around, items=ITEMS)
    assert plan.view == TodoView((("look", "done"), ("mend", "active"), ("test", "pending")))
    assert plan.effects == ()
    assert plan.run(around).text == "1 of 3 done. Now: mend"
    assert called(TodoTool(), around, items=[]).text == "0 of 0 done."


def test_a_plan_without_measure_is_refused(tmp_path):
    assert "at most 50" in failure(TodoTool(), surroundings(tmp_path), items=ITEMS * 20)
