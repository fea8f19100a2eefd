"""The contract: schemas, spaces, columns and matrices, files and pipes."""
