"""Print the errors of layers beside those of their wrong twins: `python -m tests.twins`."""

import torch

torch.set_default_dtype(torch.float64)  # as in the tests, before the cases are made

from tests.twins.equivariant_networks import main

main()
