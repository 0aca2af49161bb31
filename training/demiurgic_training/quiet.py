"""What libraries say to each other, and people need not hear."""

import logging


def quieten_libraries() -> None:
    """On some CPUs bitsandbytes names a package that would make four bits faster, also where there are none."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
