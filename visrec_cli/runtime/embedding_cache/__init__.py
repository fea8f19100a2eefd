"""The cache of embeddings: database, entries and file stamps."""
