"""Tests of `flowc.shown`."""
