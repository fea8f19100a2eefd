"""Ways to fuse that learn from a catalogue: what counts, and where pictures and texts meet."""
