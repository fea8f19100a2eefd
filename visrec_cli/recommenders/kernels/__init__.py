"""Inner loops shared by recommenders, compiled by numba. Import inside functions: numba is slow to import."""
