"""Look for more in the environment than a program needs."""

import os

from prelude import facts, got

for name in sorted(set(os.environ) - set(facts["variables"])):
    got(f"variable {name}", os.environ[name])
