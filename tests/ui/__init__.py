"""Tests of `compiler.ui`."""
