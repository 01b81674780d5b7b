"""Tests of `flowc.grouping`."""
