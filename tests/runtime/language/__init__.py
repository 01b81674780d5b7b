"""Tests of `flowc.language`."""
