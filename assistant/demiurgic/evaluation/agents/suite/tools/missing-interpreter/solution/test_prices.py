import unittest

from prices import discounted


class Prices(unittest.TestCase):
    def test_discounts(self):
        self.assertEqual(discounted(200, 10), 180)
        self.assertEqual(discounted(50, 0), 50)


if __name__ == "__main__":
    unittest.main()
