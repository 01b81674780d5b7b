"""Many flows of one call: compiled by several processes, each with a name of its own, and their files in a folder.

May import: what `compiler.call` holds, and below. Start reading in `compiling`, then `placing`, `folder`.
"""
