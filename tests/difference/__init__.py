"""What differs between two states: prepared pairs, random edits, hostile repositories and texts."""
