"""Models that learn from the order of a user's history."""
