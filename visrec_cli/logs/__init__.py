"""Interaction logs: read, cleaned, audited, and made into matrices."""
