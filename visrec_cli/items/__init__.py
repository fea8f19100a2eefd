"""The items of a catalogue: where they come from, their pictures, columns and vectors."""
