"""What a process of ours does around a task: words and variables in, an exit code and the engine's report out.

May import: everything else; nothing imports it but `flowc.__main__`. Start reading in `command`, which `flowc.__main__`
calls first in a container.
"""
