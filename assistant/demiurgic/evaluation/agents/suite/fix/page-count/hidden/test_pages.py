import unittest

from pages import page_count, page_of


class Pages(unittest.TestCase):
    def test_full_pages(self):
        self.assertEqual([page_count(n, 10) for n in (10, 20, 100)], [1, 2, 10])

    def test_the_last_page_may_be_short(self):
        self.assertEqual([page_count(n, 10) for n in (1, 9, 11, 19, 21)], [1, 1, 2, 2, 3])

    def test_nothing_needs_no_page(self):
        self.assertEqual(page_count(0, 10), 0)

    def test_the_page_of_an_item_is_as_it_was(self):
        self.assertEqual([page_of(i, 10) for i in (0, 9, 10, 25)], [1, 1, 2, 3])
