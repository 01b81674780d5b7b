"""One container for several tasks: steps in a row, members of a foreach. Each is a task of its own in the store, as it would be alone.

May import: task and what stands below it. Start reading in `running`; how containers of the same tasks follow each other is in
`progress`, what a command says in `step_words`. See docs/decisions/0044-several-tasks-in-a-container.md.
"""
