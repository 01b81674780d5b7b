"""The target `kfp`: its files, what it refuses and why, and that the interpreter of the tests holds to the back end's rules."""
