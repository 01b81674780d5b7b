"""Operating: the verbs, on an engine of the tests and on local runs; the real engines are in the rooms of the targets."""
