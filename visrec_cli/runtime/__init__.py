"""Device, folders, progress: what running needs and no table knows."""
