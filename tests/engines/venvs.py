"""Builds the Python environments that cannot share the project's own, from their lock files: of engines, MLflow, and libraries."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENGINES = HERE.parents[1] / ".engines"
NAMES = ("af3", "af2", "kfp", "mlflow")
"""Those that the default suite, the first of them, and the sample need; `libraries` is for the long form."""


def venv(name: str) -> Path:
    """The folder of the environment `name`, complete: made from `<name>.lock` where the lock or the Python changed."""
    lock = HERE / f"{name}.lock"
    folder = ENGINES / name
    stamp = folder / ".complete"
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    ENGINES.mkdir(exist_ok=True)
    with alone(ENGINES / f"{name}.alone"):
        if not (stamp.is_file() and stamp.read_text() == wanted):
            shutil.rmtree(folder, ignore_errors=True)
            _uv("venv", "--quiet", "--python", sys.executable, str(folder))
            python = str(folder / "bin" / "python")
            _uv("pip", "install", "--quiet", "--python", python, "-r", str(lock))
            stamp.write_text(wanted)
    return folder


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold `path` against every other process, so that two test sessions build an environment once."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _uv(*arguments: str) -> None:
    beside = Path(sys.executable).with_name("uv")
    program = str(beside) if beside.is_file() else shutil.which("uv")
    if program is None:
        raise FileNotFoundError("uv is needed for the engines: pip install uv")
    subprocess.run([program, *arguments], check=True)


def main() -> None:
    """Make the environments that are named, or all of them."""
    for name in sys.argv[1:] or NAMES:
        sys.stdout.write(f"{venv(name)}\n")


if __name__ == "__main__":
    main()
