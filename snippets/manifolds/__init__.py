"""Manifolds: circle, sphere, torus and tangent spaces."""
