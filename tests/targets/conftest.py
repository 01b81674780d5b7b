"""The command line in this process."""

from __future__ import annotations

from tests.stages.command_line import flowc

__all__ = ["flowc"]
