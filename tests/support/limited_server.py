"""`demiurgic serve` with limits that have no flags: python -m support.limited_server MODEL LIMITS-AS-JSON [KEY ...]."""

import json
import sys
from dataclasses import replace
from pathlib import Path

from demiurgic.config import load_settings
from demiurgic_server.running import run_server
from demiurgic_server.serving import Limits, Serving


def main(model: str, wishes: str, *keys: str) -> int:
    limits = Limits(**json.loads(wishes))
    settings = replace(load_settings(Path.cwd()), context=1024, parallel=limits.parallel)
    return run_server(Serving(port=0, keys=keys, limits=limits), settings, (model,))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
