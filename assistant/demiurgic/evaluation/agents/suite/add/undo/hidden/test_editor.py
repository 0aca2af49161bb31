import unittest

from editor import Text


class Undo(unittest.TestCase):
    def test_one_change(self):
        text = Text("ab")
        text.insert(1, "xyz")
        self.assertEqual(text.content, "axyzb")
        self.assertIs(text.undo(), True)
        self.assertEqual(text.content, "ab")

    def test_all_changes(self):
        text = Text("hello")
        states = [text.content]
        for change in (("insert", 5, " you"), ("delete", 0, 1), ("insert", 0, "J"), ("delete", 2, 7)):
            getattr(text, change[0])(*change[1:])
            states.append(text.content)
        while len(states) > 1:
            self.assertEqual(text.content, states.pop())
            self.assertTrue(text.undo())
        self.assertEqual(text.content, "hello")

    def test_nothing_to_take_back(self):
        text = Text("a")
        self.assertIs(text.undo(), False)
        text.insert(0, "b")
        text.undo()
        self.assertIs(text.undo(), False)
        self.assertEqual(text.content, "a")

    def test_going_on_after_undoing(self):
        text = Text("")
        text.insert(0, "a")
        text.undo()
        text.insert(0, "b")
        text.undo()
        self.assertEqual(text.content, "")

    def test_two_texts_do_not_share_their_past(self):
        one, other = Text("1"), Text("2")
        one.insert(0, "x")
        self.assertIs(other.undo(), False)
        self.assertEqual(other.content, "2")
