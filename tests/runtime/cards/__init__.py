"""Tests of `flowc.cards`."""
