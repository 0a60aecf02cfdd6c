"""Benchmarks: each against a named baseline, in one run, with its outcome checked. Only the ratios mean anything."""
