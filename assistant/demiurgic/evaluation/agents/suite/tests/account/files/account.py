class NotEnough(Exception):
    """There is less in the account than is wanted."""


class Account:
    """Money that belongs to somebody, in cents."""

    def __init__(self, balance=0):
        self.balance = balance
        self.history = []

    def deposit(self, amount):
        """Add an amount above 0. Raises ValueError for any other."""
        if amount <= 0:
            raise ValueError(amount)
        self.balance += amount
        self.history.append(("deposit", amount))

    def withdraw(self, amount):
        """Take an amount above 0, down to a balance of 0. Raises NotEnough, and then nothing has changed."""
        if amount <= 0:
            raise ValueError(amount)
        if amount > self.balance:
            raise NotEnough(amount)
        self.balance -= amount
        self.history.append(("withdraw", amount))

    def transfer(self, other, amount):
        """Take an amount here and add it to another account."""
        self.withdraw(amount)
        other.deposit(amount)
