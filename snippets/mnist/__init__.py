"""MNIST: data, shifts, exact optima and training."""
