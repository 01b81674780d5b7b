"""Artifacts on their way through the graph: what is set where, what a join carries on, what is read though nothing has set it.

May import: every other room of the frontend. Start reading in `artifacts`; `reaching_definitions` solves, the others judge.
"""
