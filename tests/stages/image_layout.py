"""The folders of an image of `flowc image`, laid out by its own recipe without a builder: a Python without bytecode, the runtime, the code.

What the recipe copies and compiles happens below a folder; what it installs and whom things belong to does not.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_LEFT = ("test", "idlelib", "tkinter", "ensurepip", "site-packages", "lib2to3", "turtledemo", "__pycache__", "config-*")
_PLACES = re.compile(r"(?<![\w.])/(?=code\b|opt/flowc\b)")


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


def lay_out(recipe: str, files: Mapping[str, bytes], folder: Path) -> Layout:
    """Do in the folder what the recipe does with the files of its build context."""
    layout = Layout(folder)
    for line in recipe.splitlines():
        word, _, rest = line.partition(" ")
        inside = _PLACES.sub(f"{folder}/", rest)
        if word == "FROM":
            _slim(folder / "usr" / "local")
        elif word == "COPY" and rest.startswith("flowc "):
            _copy(files, "flowc/", Path(inside.split()[1]))
        elif word == "ADD":
            with tarfile.open(fileobj=io.BytesIO(files["code.tar.gz"])) as tar:
                tar.extractall(folder / "code", filter="data")
        elif word == "ENV" and "=" in rest:
            layout.variables.update(
                {name: value for name, _, value in (pair.partition("=") for pair in inside.split())}
            )
        elif word == "RUN" and "compileall" in rest:
            subprocess.run(["sh", "-c", inside], env=layout.environment(), cwd=folder, check=True)
    return layout


def _copy(files: Mapping[str, bytes], below: str, target: Path) -> None:
    for name, data in files.items():
        if name.startswith(below):
            path = target / name[len(below) :]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


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
