"""The changes as a person or a machine reads them: sentences, a terminal's text, a comment of a pull request, JSON.

May import: what `compiler.difference` holds. Start reading in `sentences`.
"""
