import unittest

from checking_mutants import Mutants


class Account(Mutants, unittest.TestCase):
    module, tests = "account.py", "test_account.py"
    broken = {
        "the last cent cannot be taken": ("amount > self.balance", "amount >= self.balance"),
        "debts are allowed": ("        if amount > self.balance:\n            raise NotEnough(amount)\n", ""),
        "taking adds": ("self.balance -= amount", "self.balance += amount"),
        "deposits are not noted": ('        self.history.append(("deposit", amount))\n', ""),
        "transfers get lost": ("        other.deposit(amount)\n", ""),
        "transfers are free": ("        self.withdraw(amount)\n", ""),
        "what fails takes all the same": (
            "if amount > self.balance:\n",
            "if amount > self.balance:\n            self.balance = 0\n",
        ),
    }
