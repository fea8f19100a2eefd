"""From pixels or words to vectors."""
