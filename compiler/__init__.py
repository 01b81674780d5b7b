"""The compiler: a flow's source to the files of a target. It never imports the user's code, and opens no socket while it compiles.

Start reading in `pipeline`, the whole way as one function; `cli` is where a call begins. Layers are held by import-linter.
"""
