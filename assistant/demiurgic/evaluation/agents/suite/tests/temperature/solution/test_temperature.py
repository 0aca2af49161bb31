import unittest

from temperature import to_celsius, to_fahrenheit


class TemperatureTest(unittest.TestCase):
    def test_fahrenheit(self):
        self.assertAlmostEqual(to_fahrenheit(0), 32)
        self.assertAlmostEqual(to_fahrenheit(100), 212)

    def test_celsius(self):
        self.assertAlmostEqual(to_celsius(32), 0)
        self.assertAlmostEqual(to_celsius(212), 100)


if __name__ == "__main__":
    unittest.main()
