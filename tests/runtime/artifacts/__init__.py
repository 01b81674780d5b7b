"""Tests of `flowc.artifacts`."""
