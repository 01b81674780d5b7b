"""Builds what is released: a wheel and an sdist of `flowc`, of `flowc-runtime` and of each target of a distribution of its own.

`python -m tests.release.build FOLDER`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
TARGETS = {f"flowc-{target}": target for target in ("kfp", "maestro", "valohai")}
"""The target that each distribution brings; `shell` is a template, and not released."""

FOLDERS = {
    "flowc": ROOT,
    "flowc-runtime": ROOT / "runtime_shim",
    **{name: ROOT / "targets" / target for name, target in TARGETS.items()},
}
"""Where the pyproject.toml of each distribution lies."""

EPOCH = "1580601600"
"""The time of every file in them, 2020-02-02; a `SOURCE_DATE_EPOCH` of the caller's goes before it."""


class Files(NamedTuple):
    """What was built of one distribution."""

    wheel: Path
    sdist: Path


def uv(*arguments: str | Path, **variables: str) -> None:
    """Run uv, without a word where it succeeds. Raises CalledProcessError."""
    program = Path(sys.executable).with_name("uv")
    environment = {"SOURCE_DATE_EPOCH": EPOCH, **os.environ, "UV_PYTHON_DOWNLOADS": "never", **variables}
    ended = subprocess.run(
        [program, "--quiet", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        print(ended.stderr, file=sys.stderr)  # noqa: T201 - what pytest and make show of it
    ended.check_returncode()


def build(source: Path, into: Path, *only: str, **variables: str) -> None:
    """Build the sdist of a folder (or an sdist) and the wheel from the source itself; `only` is `--wheel` or `--sdist`."""
    for what in only or ("--sdist", "--wheel"):
        uv("build", what, "--no-create-gitignore", "--out-dir", into, source, **variables)


def build_all(into: Path) -> None:
    """Build every distribution into one folder, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(partial(build, into=into), FOLDERS.values()))


def found(folder: Path) -> dict[str, Files]:
    """What lies in a folder, by the name of its distribution. Raises StopIteration where something is missing."""
    return {
        name: Files(
            next(folder.glob(f"{name.replace('-', '_')}-*.whl")),
            next(folder.glob(f"{name.replace('-', '_')}-*.tar.gz")),
        )
        for name in FOLDERS
    }


if __name__ == "__main__":
    build_all(Path(sys.argv[1]).resolve())
    for files in found(Path(sys.argv[1])).values():
        print(*files, sep="\n")  # noqa: T201 - what was asked for
