"""`flowc ui`: pages over what runs have left in a store, read only, on this machine alone.

May import: what stands below the commands. Start reading in `app`: routes and who may ask; `library` reads the store, `pages` has what
templates are filled with. starlette, uvicorn and jinja2 are imported nowhere else (docs/decisions/0055-pages-of-runs.md).
"""
