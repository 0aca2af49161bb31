import unittest

from hours import merged, open_at


class Hours(unittest.TestCase):
    def test_spans_that_touch(self):
        self.assertEqual(merged([(9, 12), (12, 17)]), [(9, 17)])

    def test_a_span_within_another(self):
        self.assertEqual(merged([(8, 18), (10, 11)]), [(8, 18)])
        self.assertEqual(merged([(8, 18), (10, 11), (17, 19)]), [(8, 19)])

    def test_order_does_not_matter(self):
        self.assertEqual(merged([(14, 18), (8, 12), (11, 13)]), [(8, 13), (14, 18)])

    def test_what_is_passed_in_stays(self):
        spans = [(14, 18), (8, 12)]
        merged(spans)
        self.assertEqual(spans, [(14, 18), (8, 12)])

    def test_nothing(self):
        self.assertEqual(merged([]), [])

    def test_open_at_is_as_it_was(self):
        self.assertEqual([open_at([(8, 12)], time) for time in (7, 8, 11, 12)], [False, True, True, False])
