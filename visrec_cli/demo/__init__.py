"""A small shop drawn from scratch: garments and objects, titles and prices, and the clicks of invented people."""
