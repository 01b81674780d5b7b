"""`flowc fix`: what it writes, what it leaves, and that a right flow stays as it is."""
