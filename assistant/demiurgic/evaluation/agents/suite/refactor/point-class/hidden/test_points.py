import dataclasses
import pathlib
import unittest

from drawing import described, size
from point import Point
from shapes import box, moved


class Points(unittest.TestCase):
    def test_a_point_is_a_frozen_dataclass(self):
        self.assertTrue(dataclasses.is_dataclass(Point))
        self.assertEqual([field.name for field in dataclasses.fields(Point)], ["x", "y"])
        with self.assertRaises(dataclasses.FrozenInstanceError):
            Point(1, 2).x = 3

    def test_shapes(self):
        self.assertEqual(moved(Point(1, 2), Point(3, 4)), Point(4, 6))
        corners = box([Point(1, 5), Point(4, 2), Point(2, 2)])
        self.assertEqual(tuple(corners), (Point(1, 2), Point(4, 5)))

    def test_drawing(self):
        self.assertEqual(tuple(size([Point(1, 5), Point(4, 2)])), (3, 3))
        self.assertEqual(described(Point(7, 8)), "7|8")

    def test_points_have_no_numbers_any_more(self):
        for name in ("shapes.py", "drawing.py"):
            text = pathlib.Path(name).read_text()
            self.assertNotIn("point[0]", text)
            self.assertNotIn("[1] -", text)
