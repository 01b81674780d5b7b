"""Tests of `compiler.workspace`."""
