"""Every example, and flows made from seeds, on every engine: the artifacts must be the local run's."""

COMPARED = "compared"
"""The property of a test report that names an engine and a flow that was the same there as locally."""
