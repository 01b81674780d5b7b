"""The folders of an image of `flowc image`, laid out by its own recipe without a builder: a Python without bytecode, the runtime, the code.

What the recipe copies and compiles happens below a folder; what it installs and whom things belong to does not.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_LEFT = ("test", "idlelib", "tkinter", "ensurepip", "site-packages", "lib2to3", "turtledemo", "__pycache__", "config-*")
_NOBODY = 65534
_PLACES = re.compile(r"(?<![\w.])/(?=code\b|opt/flowc\b|home/flowc\b)")


@dataclass(frozen=True, slots=True)
class Layout:
    """What lies where, and the variables that the image sets."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def python(self) -> Path:
        """The interpreter, whose library lies beside it."""
        return self.folder / "usr" / "local" / "bin" / "python"

    @property
    def code(self) -> Path:
        """Where steps start."""
        return self.folder / "code"

    def environment(self, **more: str) -> dict[str, str]:
        """The variables of a container, with more of them."""
        path = f"{self.python.parent}{os.pathsep}{os.environ['PATH']}"
        library = str(self.python.parent.parent / "lib")
        return {"PATH": path, "LD_LIBRARY_PATH": library, **self.variables, **more}


def lay_out(context: Path, folder: Path) -> Layout:
    """Do in the folder what the Dockerfile of a build context does with its files."""
    layout = Layout(folder)
    (folder / "home" / "flowc").mkdir(parents=True)
    for line in (context / "Dockerfile").read_text(encoding="utf-8").splitlines():
        word, _, rest = line.partition(" ")
        inside = _PLACES.sub(f"{folder}/", rest)
        if word == "FROM":
            _slim(folder / "usr" / "local")
        elif word == "COPY" and rest.startswith("flowc "):
            shutil.copytree(context / "flowc", inside.split()[1])
        elif word == "ADD":
            with tarfile.open(context / "code.tar.gz") as tar:
                tar.extractall(folder / "code", filter="data")
        elif word == "ENV" and "=" in rest:
            layout.variables.update(
                {name: value for name, _, value in (pair.partition("=") for pair in inside.split())}
            )
        elif word == "RUN" and "compileall" in rest:
            subprocess.run(["sh", "-c", inside], env=layout.environment(), cwd=folder, check=True)
    return layout


@contextmanager
def sealed(layout: Layout) -> Iterator[None]:
    """Within, nobody but root may write below the folder, and anybody may enter it."""
    for parent in layout.folder.parents:
        if not parent.stat().st_mode & 0o055:
            parent.chmod(0o755)
    subprocess.run(["chmod", "-R", "a-w,a+rX", str(layout.folder)], check=True)
    yield
    subprocess.run(["chmod", "-R", "u+w", str(layout.folder)], check=True)


def stranger() -> int | None:
    """The user of a container's process who may not write: where root asks, another one."""
    return _NOBODY if os.getuid() == 0 else None


def _slim(target: Path) -> None:
    """This Python as the slim images have it: no bytecode, no packages."""
    home = Path(sys.base_prefix)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    library = Path(os.__file__).parent
    shutil.copytree(library, target / "lib" / version, symlinks=True, ignore=shutil.ignore_patterns(*_LEFT))
    for shared in (home / "lib").glob("libpython*.so*"):
        shutil.copy(shared, target / "lib" / shared.name)
    (target / "bin").mkdir()
    shutil.copy((home / "bin" / version).resolve(), target / "bin" / "python")
