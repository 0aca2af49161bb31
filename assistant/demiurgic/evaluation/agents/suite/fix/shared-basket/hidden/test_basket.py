import unittest

from basket import Basket


class Baskets(unittest.TestCase):
    def test_a_new_basket_is_empty(self):
        Basket().add("tea", 3)
        self.assertEqual(Basket().items, [])

    def test_two_baskets_are_two(self):
        one, other = Basket(), Basket()
        one.add("tea", 3)
        other.add("milk", 1)
        self.assertEqual((one.total(), other.total()), (3, 1))

    def test_a_basket_may_begin_with_goods(self):
        basket = Basket([("tea", 3)])
        basket.add("milk", 1)
        self.assertEqual(basket.total(), 4)
