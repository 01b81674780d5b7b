"""Tests of `flowc.store` and `flowc.store.aws`."""
