"""`python -m demiurgic` is `demiurgic`."""

import sys

from demiurgic.cli import main

if __name__ == "__main__":  # processes that are started from here import this again
    sys.exit(main())
