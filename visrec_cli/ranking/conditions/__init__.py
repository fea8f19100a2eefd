"""What may stand in a ``--where``, read and evaluated without an engine for SQL."""
