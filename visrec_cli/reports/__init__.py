"""Tables made visible: previews at a terminal, HTML galleries, thumbnails."""
