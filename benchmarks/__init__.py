"""Measures, never tests: ratios from one run on one machine."""
