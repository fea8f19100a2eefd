"""The parts of ``recommend`` for users: open models, who is asked, what may be shown, the choice, the reasons."""
