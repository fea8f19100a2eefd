"""From a folder to pixels."""
