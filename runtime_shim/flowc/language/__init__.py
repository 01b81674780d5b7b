"""What authors write, and what `self` and `current` are while a step runs.

May import: artifacts, the store, the ground. It never starts a task and never reads a run. Start reading in `flowspec`, then
`decorators`; what `self.next(...)` means is in `transition`.
"""
