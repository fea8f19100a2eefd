"""The inner loops of recommenders, compiled by numba. Import these modules inside functions: numba takes its time."""
