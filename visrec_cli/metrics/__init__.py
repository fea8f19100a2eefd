"""Evaluation metrics of recommendation lists, one file per group of metrics."""
