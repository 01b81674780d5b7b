"""Tests of compiler.frontend.text."""
