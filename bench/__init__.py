"""Measurements of speed, each a ratio in one run; `python -m bench` runs them all."""
