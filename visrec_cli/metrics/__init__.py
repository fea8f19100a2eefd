"""How good a list of recommendations is: one file per family of metrics."""
