"""The training script. From Python, `running.run` trains, and `folder.load` gives a trained network back."""
