"""A plain web folder that holds the files under their names."""

from demiurgic_models.fetching import Arrived, Fetching
from demiurgic_models.sources.web import Address, fetch_url


def fetch_mirror(fetching: Fetching) -> Arrived:
    """Fetch the file, going on behind what is there already."""
    url = f"{(fetching.options.mirror or '').rstrip('/')}/{fetching.entry.file}"
    fetch_url(Address("mirror", url, fetching.entry.bytes, {}, identity=url), fetching)
    return Arrived(fetching.part)
