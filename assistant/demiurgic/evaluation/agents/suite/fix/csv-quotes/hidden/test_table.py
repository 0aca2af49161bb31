import csv
import io
import itertools
import pathlib
import unittest

from table import read_row, write_row


def spreadsheet(cells):
    file = io.StringIO()
    csv.writer(file, lineterminator="").writerow(cells)
    return file.getvalue()


class Table(unittest.TestCase):
    def test_there_and_back(self):
        parts = ["", "a", "b c", "x,y", 'say "hi"', '"', ",", '","', '""']
        for cells in itertools.product(parts, repeat=2):
            self.assertEqual(read_row(write_row(list(cells))), list(cells))

    def test_as_spreadsheets_write_it(self):
        for cells in (["a", "b"], ["x,y", "z"], ['say "hi"', "z"], ["a", 'b"', ',"']):
            self.assertEqual(write_row(cells), spreadsheet(cells))

    def test_as_spreadsheets_read_it(self):
        for line in ('a,"b,c",d', '"a ""b""",c', "a,,c", '"",b'):
            self.assertEqual(read_row(line), next(csv.reader([line])))

    def test_it_is_written_by_hand(self):
        self.assertNotIn("import csv", pathlib.Path("table.py").read_text())
