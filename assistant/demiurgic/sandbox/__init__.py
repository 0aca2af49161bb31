"""Running programs that nobody vouches for: what they may touch, how long, and what they really had."""
