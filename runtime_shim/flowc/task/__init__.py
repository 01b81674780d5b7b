"""Doing one task: load what came before, call the step, save what it leaves, tell how it ended.

May import: everything below it (cards, datatools, client, source, language, artifacts, store, ground). It knows no argv and no
engine. Start reading in `task`: `execute` is the whole; `call` has what goes in and comes out.
"""
