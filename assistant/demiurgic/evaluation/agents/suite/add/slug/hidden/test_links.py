import unittest

from links import link, slug


class Slugs(unittest.TestCase):
    def test_titles(self):
        known = {
            "Hello, World!": "hello-world",
            "  Ten   tips  ": "ten-tips",
            "C++ & Python 3": "c-python-3",
            "a_b.c": "a-b-c",
            "--already--there--": "already-there",
            "!!!": "",
            "": "",
        }
        self.assertEqual({title: slug(title) for title in known}, known)

    def test_links_are_as_they_were(self):
        self.assertEqual(link("/a/b"), "https://example.org/a/b")
