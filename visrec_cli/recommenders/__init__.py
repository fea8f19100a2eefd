"""From what people did (and what the items look like) to a model: ``fit(log, content) → Model``."""
