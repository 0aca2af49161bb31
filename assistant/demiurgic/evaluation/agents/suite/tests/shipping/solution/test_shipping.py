import unittest

from shipping import cost


class ShippingTest(unittest.TestCase):
    def test_limits(self):
        for kilograms, price in ((0.1, 490), (1, 490), (1.01, 690), (5, 690), (5.01, 1290), (20, 1290)):
            self.assertEqual(cost(kilograms, 100), price)

    def test_no_parcels(self):
        for kilograms in (0, -1, 20.01):
            with self.assertRaises(ValueError):
                cost(kilograms, 100)

    def test_free(self):
        self.assertEqual(cost(5, 5000), 0)
        self.assertEqual(cost(5, 4999), 690)
        self.assertEqual(cost(6, 5000), 1290)

    def test_express(self):
        self.assertEqual(cost(1, 100, express=True), 990)
        self.assertEqual(cost(1, 5000, express=True), 500)


if __name__ == "__main__":
    unittest.main()
