"""The user of a container and what it may do with files, as in the image of `flowc image` run by a pod: see `prefix` and `open_to_it`.

Its code belongs to root and is not its to write; its HOME, its temporary folder and the store are. A pod that says nothing else
runs as that user, in group 0.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

MODELLED = True
"""Whether containers run as that user, where this process is root; elsewhere they run as whoever runs the tests."""

USER, GROUP = 1000, 0
SEES_ALL = "-all,+dac_read_search"
"""The one thing that a container's user could not do: go through this machine's private folders, in which its Python and the code are."""

_CODE = "code"
"""The name of the folders in which tests keep the code of a flow: in an image it is not the user's."""


@cache
def prefix() -> tuple[str, ...]:
    """What stands before a command that the user of a container runs; nothing where that cannot be modelled."""
    if not MODELLED or os.geteuid() != 0 or not shutil.which("setpriv"):
        return ()
    kept = ("--inh-caps", SEES_ALL, "--ambient-caps", SEES_ALL)
    found = ("setpriv", "--reuid", str(USER), "--regid", str(GROUP), "--clear-groups", *kept)
    works = subprocess.run([*found, "true"], capture_output=True, check=False).returncode == 0
    return found if works else ()


def open_to_it(folder: Path) -> Path:
    """Make a folder that the container's user may write to, with all that lies in it but code; where it lies is no secret of root's."""
    folder.mkdir(parents=True, exist_ok=True)
    if not prefix():
        return folder
    for above in folder.absolute().parents:
        if (
            above.stat().st_uid == 0
            and above.is_relative_to(tempfile.gettempdir())
            and above.stat().st_mode & 0o111 != 0o111
        ):
            above.chmod(above.stat().st_mode | 0o111)
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != _CODE]
        for path in (place, *(os.path.join(place, name) for name in files)):
            if not os.path.islink(path):
                os.chmod(path, 0o777 if path == place else 0o666)
    return folder
