"""Limits of the suite."""

HANGS = 1800
"""Seconds after which a process or thread is taken to wait for ever. No test relies on anything being quicker: the
limit only turns a hang into a failure, on however busy a machine."""
