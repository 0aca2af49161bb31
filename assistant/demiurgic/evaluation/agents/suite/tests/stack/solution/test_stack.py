import unittest

from stack import Stack


class StackTest(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        for item in "abc":
            self.stack.push(item)

    def test_pop(self):
        self.assertEqual([self.stack.pop() for _ in range(3)], ["c", "b", "a"])
        self.assertEqual(len(self.stack), 0)

    def test_peek(self):
        self.assertEqual(self.stack.peek(), "c")
        self.assertEqual(len(self.stack), 3)

    def test_empty(self):
        with self.assertRaises(IndexError):
            Stack().pop()
        self.assertIsNone(Stack().peek())


if __name__ == "__main__":
    unittest.main()
