"""Tests of `flowc.tracking`."""
