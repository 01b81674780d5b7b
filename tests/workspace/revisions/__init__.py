"""Tests of `compiler.workspace.revisions`."""
