"""What the stage ``cache`` is made of."""
