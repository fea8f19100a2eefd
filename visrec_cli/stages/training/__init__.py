"""Rooms of ``train-cf``: what is learned from, who looks on, and the search for settings."""
