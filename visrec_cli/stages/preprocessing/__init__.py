"""The parts of the stage ``preprocess``: where pictures come from, how they meet their items, the rows they make."""
