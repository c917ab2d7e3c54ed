"""Lie groups and Lie algebras, up to attention that respects a symmetry."""
