"""Indexes for nearest-neighbour search by cosine."""
