import json
import pathlib
import unittest

from people import address_of, load, send_mail


class Field(unittest.TestCase):
    def test_the_data(self):
        people = json.loads(pathlib.Path("people.json").read_text("utf-8"))
        self.assertEqual([person.get("email") for person in people], ["ada@example.org", "bob@example.org"])
        self.assertFalse(any("mail" in person for person in people))
        self.assertEqual(people[1]["note"], "prefers mail in the morning")

    def test_the_code(self):
        self.assertEqual(address_of(load(), "Bob"), "bob@example.org")
        self.assertEqual(address_of([{"name": "Eve", "email": "e@x.y"}], "Eve"), "e@x.y")
        self.assertEqual(send_mail(load(), "Ada"), ["mail", "ada@example.org"])

    def test_the_document(self):
        text = pathlib.Path("README.md").read_text("utf-8")
        self.assertIn("`email`", text)
        self.assertNotIn("`mail`", text)
        self.assertIn("We send mail only to people who want it.", text)
