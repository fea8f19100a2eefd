"""Encoders: from pictures or texts to vectors."""
