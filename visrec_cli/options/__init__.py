"""Options of verbs as data: what they are called, mean, need and become, in one place each."""
