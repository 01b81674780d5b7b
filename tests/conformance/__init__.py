"""Every example, and flows made from seeds, on every engine: the artifacts must be the local run's."""
