"""What fuse is made of."""
