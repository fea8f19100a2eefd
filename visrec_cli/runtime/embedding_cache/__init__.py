"""Vectors kept between runs: the files that are known, the database, and what is done with it."""
