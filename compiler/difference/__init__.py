"""What differs between two states of a repository, flow by flow, in the words of those who wrote the flows.

May import: call and what stands below it; never click. Both sides are read as text, planned and emitted, and what differs is a typed value
of `changes`. Start reading in `asked`, then `sides`, which reads a state, `comparing`, and `telling`, which says it.
"""
