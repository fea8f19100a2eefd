"""Learned fusion methods."""
