"""Tests of `flowc.datatools`."""
