"""Matrix factorisation by alternating least squares: models, solver, kernel."""
