"""Measurements of the project, each a command of its own: `python -m benchmarks.NAME`."""
