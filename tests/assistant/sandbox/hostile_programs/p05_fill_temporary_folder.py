"""Fill the folder for temporary files."""

import os

from prelude import facts, fill

fill(os.environ["TMPDIR"], 4 * facts["disk"])
