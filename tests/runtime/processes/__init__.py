"""Tests of `flowc.processes`."""
