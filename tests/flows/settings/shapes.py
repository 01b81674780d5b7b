"""A module beside the flow."""

SUFFIX = "x" * 2
