import unittest

from account import Account, NotEnough


class AccountTest(unittest.TestCase):
    def test_deposit(self):
        account = Account(5)
        account.deposit(10)
        self.assertEqual((account.balance, account.history), (15, [("deposit", 10)]))

    def test_withdraw(self):
        account = Account(10)
        account.withdraw(4)
        account.withdraw(6)
        self.assertEqual((account.balance, account.history), (0, [("withdraw", 4), ("withdraw", 6)]))

    def test_amounts(self):
        for amount in (0, -1):
            with self.assertRaises(ValueError):
                Account(5).deposit(amount)
            with self.assertRaises(ValueError):
                Account(5).withdraw(amount)

    def test_not_enough(self):
        account = Account(5)
        with self.assertRaises(NotEnough):
            account.withdraw(6)
        self.assertEqual((account.balance, account.history), (5, []))

    def test_transfer(self):
        one, other = Account(10), Account(1)
        one.transfer(other, 4)
        self.assertEqual((one.balance, other.balance), (6, 5))


if __name__ == "__main__":
    unittest.main()
