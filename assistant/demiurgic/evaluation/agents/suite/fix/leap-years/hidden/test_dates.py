import calendar
import datetime
import unittest

from dates import day_of_year, days_in_month, is_leap


class Dates(unittest.TestCase):
    def test_leap_years(self):
        for year in range(1583, 2500):
            self.assertEqual(bool(is_leap(year)), calendar.isleap(year), year)

    def test_months(self):
        for year in (1900, 2000, 2023, 2024):
            for month in range(1, 13):
                self.assertEqual(days_in_month(year, month), calendar.monthrange(year, month)[1])

    def test_days_of_a_year(self):
        for date in (datetime.date(1900, 3, 1), datetime.date(2000, 12, 31), datetime.date(2024, 2, 29)):
            self.assertEqual(day_of_year(date.year, date.month, date.day), date.timetuple().tm_yday)
