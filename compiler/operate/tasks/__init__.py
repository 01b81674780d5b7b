"""The tasks of a run, as its engine and its store know them: one task of both, and where a container does several.

May import: what stands below `compiler.operate`. Start reading in `joining`; `shared` is how containers of several tasks are told apart
(docs/decisions/0054-one-word-for-several-tasks.md).
"""
