"""Runtime: device, folders, progress, formatting."""
