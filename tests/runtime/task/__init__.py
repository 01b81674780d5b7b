"""Tests of `flowc.task`."""
