import unittest

from plan import missing, order


class Order(unittest.TestCase):
    def test_what_is_needed_comes_first(self):
        needs = {"bake": ["mix", "heat"], "mix": ["buy"], "eat": ["bake"]}
        self.assertEqual(order(needs), ["buy", "heat", "mix", "bake", "eat"])

    def test_the_alphabet_decides(self):
        self.assertEqual(order({"c": [], "a": [], "b": []}), ["a", "b", "c"])
        self.assertEqual(order({"a": ["z"], "b": [], "y": []}), ["b", "y", "z", "a"])

    def test_a_step_that_is_needed_twice(self):
        self.assertEqual(order({"d": ["b", "c"], "b": ["a"], "c": ["a"]}), ["a", "b", "c", "d"])
        self.assertEqual(order({"b": ["a", "a"]}), ["a", "b"])

    def test_circles(self):
        for needs in ({"a": ["a"]}, {"a": ["b"], "b": ["a"]}, {"x": [], "a": ["b"], "b": ["c"], "c": ["a"]}):
            with self.assertRaises(ValueError):
                order(needs)

    def test_nothing(self):
        self.assertEqual(order({}), [])

    def test_what_is_passed_in_stays(self):
        needs = {"b": ["a"], "c": ["b"]}
        order(needs)
        self.assertEqual(needs, {"b": ["a"], "c": ["b"]})

    def test_missing_is_as_it_was(self):
        self.assertEqual(missing({"b": ["a"]}), ["a"])
