"""What ``eval`` is made of: the truth, the runs that are judged by it, and the numbers."""
