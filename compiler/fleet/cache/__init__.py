"""What came of flows that have not changed since: kept in the user's cache folder, taken only where all that it depends on is as it was.

May import: what `compiler.fleet` holds beside it, and below. Start reading in `results`; `key` and `observed` say what a result
depends on, `tree` which names there are, `spelling` how it is written, `folder` where it lies.
"""
