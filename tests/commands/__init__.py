"""Tests of `compiler.commands`: what a person types and what comes back."""
