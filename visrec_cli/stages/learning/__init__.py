"""Rooms of ``train-encoder``: the pictures, what is wanted of them, and who is held back."""
