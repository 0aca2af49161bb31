import pathlib
import unittest

import invite
import signup
from addresses import check_address


class Shared(unittest.TestCase):
    def test_signing_up(self):
        self.assertEqual(signup.sign_up("ada", " Ada@Example.org "), "ada@example.org")
        self.assertEqual(signup.USERS["ada"], "ada@example.org")

    def test_inviting(self):
        invite.invite(["A@b.c", "d@e.f "])
        self.assertEqual(invite.SENT[-2:], ["a@b.c", "d@e.f"])

    def test_wrong_addresses(self):
        for address in ("", "ada", "@b.c", "a@b"):
            with self.assertRaises(ValueError):
                signup.sign_up("x", address)
            with self.assertRaises(ValueError):
                invite.invite([address])
            with self.assertRaises(ValueError):
                check_address(address)

    def test_the_check_stands_in_one_place(self):
        for name in ("signup.py", "invite.py"):
            text = pathlib.Path(name).read_text()
            self.assertIn("check_address(", text)
            self.assertNotIn("partition", text)
