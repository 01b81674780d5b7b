"""`python -m flowc step STEP …`: one task of a run, in this process."""

from __future__ import annotations

import os
import sys

# What lies where the process was started is the author's: nothing of ours is looked for there.
if sys.path and sys.path[0] in ("", os.getcwd()) and not getattr(sys.flags, "safe_path", False):
    del sys.path[0]

from flowc.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
