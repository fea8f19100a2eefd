"""Two-tower models, with and without differential privacy."""
