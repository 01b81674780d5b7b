"""Source to Flow."""
