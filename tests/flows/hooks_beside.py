"""Hooks of another module."""


def toast():
    """A hook that wants nothing."""


def stumble():
    """A hook that fails, which changes nothing about the run."""
    raise RuntimeError("stumbled")
