"""Nearest-neighbour recommenders and their kernel."""
