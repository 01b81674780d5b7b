"""The target valohai."""
