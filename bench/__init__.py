"""Benchmarks: each question asked of ours and of the peers in turn, in one run."""
