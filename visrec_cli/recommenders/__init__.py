"""Recommenders: from interactions and item content to a model, ``fit(log, content) → Model``."""
