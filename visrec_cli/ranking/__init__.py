"""Ranking of results: filters, diversity, duplicates, blending, explanations."""
