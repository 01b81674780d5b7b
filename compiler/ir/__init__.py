"""The typed graph of a flow: facts of its source (`flow`), and decisions for a target (`plan`).

May import: nothing of ours but how types are made. Start reading in `flow`, then `plan`; `planner` makes the one of the other.
"""
