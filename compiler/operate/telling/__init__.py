"""Runs and deployments as a person or a machine reads them: lines, JSON, and what is shown of a run as it goes on.

May import: operate and what stands below it. Start reading in `documents`, whose shapes docs/json.md shows; `lines` says the same in words,
`progress` prints both until a run's end.
"""
