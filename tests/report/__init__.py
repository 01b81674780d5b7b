"""Tests of `compiler.report`."""
