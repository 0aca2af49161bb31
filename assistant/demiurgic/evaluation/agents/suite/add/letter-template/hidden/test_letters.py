import unittest

from letters import FAREWELL, GREETING, fill


class Fill(unittest.TestCase):
    def test_names(self):
        self.assertEqual(fill(GREETING, {"first": "Ada", "last": "King"}), "Dear Ada King,")
        self.assertEqual(fill(FAREWELL, {"sender": "Bob"}), "Yours, Bob")

    def test_the_same_name_twice_and_none(self):
        self.assertEqual(fill("{{a}}{{a}} {b} }}", {"a": "x"}), "xx {b} }}")

    def test_numbers(self):
        self.assertEqual(fill("{{n}} pieces", {"n": 3}), "3 pieces")

    def test_values_are_not_looked_at_again(self):
        self.assertEqual(fill("{{a}} {{b}}", {"a": "{{b}}", "b": r"\1 \g<0>"}), r"{{b}} \1 \g<0>")

    def test_unknown_names(self):
        with self.assertRaises(KeyError):
            fill("{{a}}", {"b": 1})
