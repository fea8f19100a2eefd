"""What the stages ``embed-images`` and ``embed-text`` share."""
