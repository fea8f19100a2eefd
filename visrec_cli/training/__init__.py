"""What trainings of every kind share: callbacks, checkpoints, held-out rows, curves."""
