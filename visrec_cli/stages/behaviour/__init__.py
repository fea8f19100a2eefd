"""Logs of behaviour on their way to recommenders: cleaned, looked over, split, and made into a matrix."""
