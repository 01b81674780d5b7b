"""A real builder of images: buildah of Debian's packages, without a daemon, a registry or the network.

The base image is made on the spot, of the Python that runs the tests.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BASE = "docker.io/library/python:3.11-slim"
"""What `FROM python:3.11-slim` means: here a copy of this machine's Python."""

NOT_BUILT = "NO IMAGE WAS BUILT"
"""How a test says that it had no builder: the summary repeats it."""

_PROGRAMS = ("sh", "mkdir", "chown", "chmod", "env", "cat")
_LEFT = ("test", "idlelib", "tkinter", "ensurepip", "site-packages", "lib2to3", "turtledemo", "__pycache__")


def missing() -> str:
    """Why no image can be built here; nothing where one can."""
    if os.geteuid() != 0:
        return "an image is built and entered by root"
    if not shutil.which("buildah"):
        return "there is no buildah: apt-get install --no-install-recommends buildah"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return "" if version == "3.11" else f"the base image is made of this Python, which is {version}"


@dataclass(frozen=True, slots=True)
class Builder:
    """Images of a folder's own."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What `buildah` needs to keep to the folder and to do without namespaces of its own."""
        return {
            **os.environ,
            "BUILDAH_ISOLATION": "chroot",
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(self.folder / "registries.conf"),
        }

    def call(self, *words: object) -> str:
        """Call `buildah`; what it printed."""
        command = ["buildah", *map(str, words)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout.strip()

    def prepare(self) -> None:
        """Make the base image."""
        (self.folder / "storage.conf").write_text(
            f'[storage]\ndriver = "vfs"\ngraphroot = "{self.folder}/graph"\nrunroot = "{self.folder}/run"\n'
        )
        (self.folder / "registries.conf").write_text('unqualified-search-registries = ["docker.io"]\n')
        container = self.call("from", "scratch")
        _fill(Path(self.call("mount", container)))
        self.call("umount", container)
        self.call("config", "--env", "PATH=/usr/local/bin:/usr/bin:/bin", container)
        self.call("commit", "--quiet", container, BASE)
        self.call("rm", container)

    def container(self, image: str) -> str:
        """A container of the image, which `enter` starts programs in."""
        return self.call("from", "--pull-never", image)

    def python(self, container: str, shared: Path, user: str = "") -> list[str]:
        """What starts the image's `python` in the container as its user, or another; the folder `shared` is the same inside."""
        script = self.folder / "enter.py"
        script.write_text(_ENTER)
        return [sys.executable, str(script), json.dumps(self.environment), container, str(shared), user]


_ENTER = """
import json, os, sys
environment, container, shared, user = sys.argv[1:5]
given = {name: value for name, value in os.environ.items() if name.startswith("FLOWC_") or name == "TMPDIR"}
words = ["buildah", "run", "--volume", f"{shared}:{shared}", *(["--user", user] if user else [])]
words += [part for name, value in given.items() for part in ("--env", f"{name}={value}")]
os.execvpe("buildah", [*words, container, "--", "python", *sys.argv[5:]], json.loads(environment))
"""


def _fill(root: Path) -> None:
    """Put this Python, a shell and what they load into the root of an image."""
    for folder in ("bin", "usr/local/bin", "etc", "root", "proc", "sys", "dev"):
        (root / folder).mkdir(parents=True)
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    home = Path(sys.base_prefix)
    library = home / "lib" / "python3.11"
    shutil.copytree(
        library, root / library.relative_to("/"), symlinks=True, ignore=shutil.ignore_patterns(*_LEFT, "config-*")
    )
    python = _copied(home / "bin" / "python3.11", root)
    (root / "usr/local/bin/python").symlink_to(python)
    for folder in (root / python.relative_to("/")).parents:
        if folder != root and root in folder.parents:
            folder.chmod(0o755)  # its home may be one that only root enters
    programs = [_copied(Path(str(shutil.which(name))), root, Path("/bin", name)) for name in _PROGRAMS]
    for file in (python, *programs, *sorted((library / "lib-dynload").glob("*.so"))):
        for needed in _needed(file):
            _copied(needed, root)


def _copied(file: Path, root: Path, place: Path | None = None) -> Path:
    target = root / (place or file).relative_to("/")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file.resolve(), target)
    return place or file


def _needed(file: Path) -> list[Path]:
    """The libraries that a program loads."""
    source = Path(str(shutil.which(file.name))) if file.parent == Path("/bin") else file
    told = subprocess.run(["ldd", source], capture_output=True, text=True, check=False).stdout
    return [Path(found) for found in re.findall(r"(/\S+) \(0x", told)]
