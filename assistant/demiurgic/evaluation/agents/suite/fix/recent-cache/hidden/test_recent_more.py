import unittest

from recent import Recent


def filled(size, keys):
    cache = Recent(size)
    for key in keys:
        cache.put(key, key.upper())
    return cache


class RecentMore(unittest.TestCase):
    def test_reading_counts_as_use(self):
        cache = filled(2, "ab")
        cache.get("a")
        cache.put("c", "C")
        self.assertEqual(cache.keys(), ["a", "c"])

    def test_storing_again_drops_nothing(self):
        cache = filled(2, "ab")
        cache.put("b", "new")
        self.assertEqual(len(cache), 2)
        self.assertEqual((cache.get("a"), cache.get("b")), ("A", "new"))

    def test_storing_again_counts_as_use(self):
        cache = filled(2, "ab")
        cache.put("a", "new")
        cache.put("c", "C")
        self.assertEqual(cache.keys(), ["a", "c"])

    def test_reading_what_is_not_there_changes_nothing(self):
        cache = filled(2, "ab")
        self.assertEqual(cache.get("z", 7), 7)
        self.assertEqual(cache.keys(), ["a", "b"])

    def test_a_stored_none_is_there(self):
        cache = filled(2, "a")
        cache.put("n", None)
        self.assertIsNone(cache.get("n", "nothing"))
        cache.get("a")
        cache.put("x", 1)
        self.assertEqual(cache.keys(), ["a", "x"])

    def test_the_oldest_goes(self):
        self.assertEqual(filled(2, "abc").keys(), ["b", "c"])
