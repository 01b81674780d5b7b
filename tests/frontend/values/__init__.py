"""Tests of compiler.frontend.values."""
