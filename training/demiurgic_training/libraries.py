"""What libraries say for their own makers, and not for whoever teaches a model."""

import logging


def hush() -> None:
    """To be called before they are loaded: bitsandbytes warns of a package that makes some CPUs faster, whether or not
    anything is held in four bits."""
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
