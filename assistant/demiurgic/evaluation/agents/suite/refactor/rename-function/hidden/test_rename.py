import pathlib
import re
import unittest

import invoice
import orders
import statistics_of


class Rename(unittest.TestCase):
    def test_the_new_name_works(self):
        self.assertEqual(orders.order_total([(2, 3), (1, 4)]), 10)

    def test_callers_work(self):
        self.assertEqual(invoice.invoice("Ada", [(2, 3)]), "Ada owes 6")
        self.assertEqual(statistics_of.mean_order([[(2, 3)], [(1, 4)]]), 5)

    def test_the_old_name_is_gone(self):
        self.assertFalse(hasattr(orders, "calc"))
        for name in ("orders.py", "invoice.py", "statistics_of.py"):
            self.assertIsNone(re.search(r"\bcalc\b", pathlib.Path(name).read_text()), name)
