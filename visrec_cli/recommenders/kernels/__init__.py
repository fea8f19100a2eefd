"""Inner loops shared by recommenders, compiled by numba. Import them inside functions: numba is slow to import."""
