"""Decorators: the language's, the author's own, those of extensions; their options one by one.

May import: values, text, findings. Start reading in `language`; a new option is checked in `options`.
"""
