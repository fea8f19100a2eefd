"""``--where`` conditions, parsed and evaluated without an SQL engine."""
