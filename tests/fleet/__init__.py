"""Tests of `compiler.terminal`."""
