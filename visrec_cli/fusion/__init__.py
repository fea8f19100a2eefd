"""Fusion of several embeddings into one."""
