"""The parts of the stage ``recommend``: from what was asked to vectors, candidates, answers and reasons."""
