"""Parts shared by all kinds of training: callbacks, checkpoints, held-out rows, curves."""
