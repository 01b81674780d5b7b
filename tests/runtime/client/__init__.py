"""Tests of `flowc.client`."""
