"""Tests of `compiler.call`."""
