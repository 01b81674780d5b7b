"""Tests of `compiler.lsp`."""
