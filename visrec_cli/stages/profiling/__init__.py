"""The parts of the stage ``profile``: what somebody liked, its kinds, its categories, and how it changed."""
