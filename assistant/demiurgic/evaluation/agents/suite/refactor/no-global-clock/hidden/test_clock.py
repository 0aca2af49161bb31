import time
import unittest

from app import make_app
from limiter import Limiter
from session import Session


class Clock:
    def __init__(self):
        self.now = 5000.0

    def __call__(self):
        return self.now


class Clocks(unittest.TestCase):
    def test_a_session_ends(self):
        clock = Clock()
        session = Session("ada", 10, clock)
        clock.now += 9
        self.assertTrue(session.alive)
        session.touch()
        clock.now += 9
        self.assertTrue(session.alive)
        clock.now += 1
        self.assertFalse(session.alive)

    def test_a_limiter_limits(self):
        clock = Clock()
        limiter = Limiter(2, 60, clock=clock)
        self.assertEqual([limiter.allow() for _ in range(3)], [True, True, False])
        clock.now += 60
        self.assertTrue(limiter.allow())

    def test_the_app_passes_it_on(self):
        clock = Clock()
        session, limiter = make_app("ada", clock=clock)
        self.assertEqual([limiter.allow() for _ in range(11)], [True] * 10 + [False])
        clock.now += 1799
        self.assertTrue(session.alive and limiter.allow())
        clock.now += 1
        self.assertFalse(session.alive)

    def test_without_one_it_is_the_real_time(self):
        session, limiter = make_app("ada")
        self.assertTrue(session.alive and limiter.allow())
        short = Session("bob", 0.05)
        time.sleep(0.1)
        self.assertFalse(short.alive)
