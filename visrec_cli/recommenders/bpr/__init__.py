"""Bayesian personalised ranking: model, kernel, GPU path."""
