"""Right flows with one thing changed: refused, or run to the same end everywhere."""
