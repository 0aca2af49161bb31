"""End without reading what it is sent."""

import prelude

print("ended")
