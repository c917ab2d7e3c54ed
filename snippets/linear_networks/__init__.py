"""The geometry of linear networks, invariant and equivariant."""
