"""Models compiled once for the CPU and kept in the cache folder: torch is not imported again to run them."""
