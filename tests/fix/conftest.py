"""The command line in this process, as the tests of the other commands call it."""

from __future__ import annotations

from tests.cli.conftest import flowc

__all__ = ["flowc"]
