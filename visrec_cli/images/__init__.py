"""From a folder of pictures to upright RGB pixels, and what those pixels tell about quality and duplicates."""
