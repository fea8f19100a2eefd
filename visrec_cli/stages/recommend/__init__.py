"""``recommend``: for items (``items``) and for users (``users``)."""
