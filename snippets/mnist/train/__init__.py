"""The training script: `python -m snippets.mnist.train --help` lists its options."""
