"""Tests of `flowc.source`."""
