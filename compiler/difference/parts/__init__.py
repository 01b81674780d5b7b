"""Two states of one flow, part by part: each module yields the changes of its part.

May import: what `compiler.difference` holds but `comparing` and `asked`, which call these. Start reading in `graphs`.
"""
