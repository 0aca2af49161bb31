"""End without reading what it is sent."""

print("ended")
