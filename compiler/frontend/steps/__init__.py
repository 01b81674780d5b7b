"""Steps: which methods are steps, what their bodies do with `self`, where their transitions go.

May import: declarations, decorators, values, text, findings. Start reading in `methods`.
"""
