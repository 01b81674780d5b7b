"""What the target `maestro` writes, refuses and means, beside what the conformance suite compares."""
