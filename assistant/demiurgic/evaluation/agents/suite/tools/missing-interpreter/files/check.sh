#!/bin/sh
PYTHON=/opt/python-9.1/bin/python9
exec "$PYTHON" -m unittest test_prices
