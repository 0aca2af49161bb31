import unittest

from password import is_strong


class PasswordTest(unittest.TestCase):
    def test_strong(self):
        self.assertTrue(is_strong("Passw0rd"))

    def test_weak(self):
        for password in ("Passw0r", "Password", "passw0rd", "Pass w0rd"):
            self.assertFalse(is_strong(password), password)


if __name__ == "__main__":
    unittest.main()
