import unittest

from recent import Recent


class RecentTest(unittest.TestCase):
    def test_the_oldest_goes(self):
        cache = Recent(2)
        for key in "abc":
            cache.put(key, key.upper())
        self.assertEqual(cache.keys(), ["b", "c"])
        self.assertEqual(cache.get("c"), "C")
        self.assertIsNone(cache.get("a"))


if __name__ == "__main__":
    unittest.main()
