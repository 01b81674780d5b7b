"""Deleting runs: when, which, and beside whatever else happens to them."""
