"""Benchmarks: what the graph costs, beside peers in the same run. `python -m benchmarks --help`."""
