"""The parts of a comparison by themselves."""
