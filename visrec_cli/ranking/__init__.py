"""From nearest to recommended."""
