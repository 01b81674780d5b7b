"""Tests of `compiler.workspace.image`."""
