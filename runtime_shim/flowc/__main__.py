"""`python -m flowc step STEP …`: one task of a run, in this process; `hook FUNCTION …` after it,
`members SPLIT …` between two of them.

`flow.py WORDS` is `python flow.py WORDS` with `metaflow` from here. `fork-server` is the local run's own, `declare` the compiler's,
`debug` and `compare` a replay's.
"""

from __future__ import annotations

import os
import sys

# What lies where the process was started is the author's: nothing of ours is looked for there.
if sys.path and sys.path[0] in ("", os.getcwd()) and not getattr(sys.flags, "safe_path", False):
    del sys.path[0]


def main(words: list[str]) -> int:
    """Do what the words say; the process's exit code."""
    if words[:1] == ["fork-server"]:
        from flowc.container.fork_server import serve

        return serve(int(words[1]))
    if words[:1] == ["fresh-task"]:
        from flowc.container.fork_server import run_one

        return run_one(int(words[1]), int(words[2]), words[3])
    if words[:1] in (["hook"], ["members"]):
        return _beside_tasks(words)
    if words[:1] == ["child"]:
        from flowc.task.child import run_one as run_child

        return run_child(int(words[1]))
    if words[:1] in (["declare"], ["debug"], ["compare"]) or (words and words[0].endswith(".py")):
        return _of_authors(words)
    from flowc.container.command import main as one_task

    return one_task(words)


def _beside_tasks(words: list[str]) -> int:
    """What an engine starts that is no task."""
    if words[0] == "members":
        from flowc.container.members import main as members

        return members(words)
    from flowc.container.exit_hook import main as one_hook

    return one_hook(words)


def _of_authors(words: list[str]) -> int:
    """What happens where the author works, and in no container."""
    if words[0] == "declare":
        from flowc.source.declaration import main as declare

        return declare(int(words[1]), words[2], words[3])
    if words[0] == "compare":
        from flowc.replaying.comparison import main as compare

        return compare()
    if words[0] == "debug":
        from flowc.replaying.debugger import debug

        return debug(words[1], words[2:])
    from flowc.language.command_line import run_file

    return run_file(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
