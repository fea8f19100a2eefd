"""Ranking of answers: filters, diversity, duplicates, blending, explanations."""
