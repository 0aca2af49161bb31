import unittest

from checking_mutants import Mutants


class Stack(Mutants, unittest.TestCase):
    module, tests = "stack.py", "test_stack.py"
    broken = {
        "first in, first out": ("self._items.pop()", "self._items.pop(0)"),
        "what is popped stays": ("return self._items.pop()", "return self._items[-1]"),
        "peeking removes": ("return self._items[-1] if", "return self._items.pop() if"),
        "peeking sees the first": ("self._items[-1] if", "self._items[0] if"),
        "popping nothing gives None": ("self._items.pop()", "self._items.pop() if self._items else None"),
        "the length is wrong": ("return len(self._items)", "return len(self._items) + 1"),
    }
