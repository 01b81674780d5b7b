"""Deleting runs, and which ones: never one that may go on, never what a kept one refers to, at any time beside others.

May import: run (whether a local run's process lives) and `flowc`. Start reading in `deletion`, how one run goes; `rest` says
when a run may go, `selection` which ones, `collection` does it for all.
"""
