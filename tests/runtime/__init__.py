"""Tests of `flowc`, a folder a room; what holds of all of it lies here."""
