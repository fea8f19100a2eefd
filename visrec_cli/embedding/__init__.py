"""Parts shared by the stages ``embed-images`` and ``embed-text``."""
