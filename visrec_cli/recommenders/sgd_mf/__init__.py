"""Matrix factorisation of ratings by stochastic gradient descent."""
