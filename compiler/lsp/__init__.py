"""`flowc lsp`: what an editor shows of a flow while it is written, by the Language Server Protocol.

May import: what stands below the commands. Start reading in `server`, which speaks the protocol by pygls and nothing else does;
`analysis` reads a file as it is on the way, and the other modules answer from what that has found.
"""
