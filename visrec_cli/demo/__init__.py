"""Synthetic shop: pictures of garments and objects, titles, prices, and clicks of invented users."""
