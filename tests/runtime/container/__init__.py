"""Tests of `flowc.container`."""
