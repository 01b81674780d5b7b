"""The engine of the tests, kept in a folder: what commands in processes of their own operate, one after the other.

It is the target `kept` of a distribution that lies in a folder of PYTHONPATH, and, where that folder has a `sitecustomize`, `argo` too.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from compiler.backends.argo import Argo
from compiler.backends.operating import Connection, EngineError, Phase
from tests.operate.engine import Engine, Memory, ended

FOLDER = "KEPT_ENGINE"
"""The variable that says where it is kept."""

_FIELDS = ("deployed", "suspended", "foreign", "started", "starts", "logs", "said")


def load(folder: Path) -> Memory:
    """What the engine holds."""
    file = folder / "memory.pickle"
    return Memory(**pickle.loads(file.read_bytes())) if file.exists() else Memory()


def save(folder: Path, memory: Memory) -> None:
    """Keep it."""
    (folder / "memory.pickle").write_bytes(pickle.dumps({name: getattr(memory, name) for name in _FIELDS}))


def move(folder: Path, run: str, phase: Phase, **facts: Any) -> None:
    """Let a run be in another phase."""
    memory = load(folder)
    memory.started[run] = ended(memory.started[run], phase, **facts)
    save(folder, memory)


class Kept:
    """A connection: each call loads, does it and saves. A file `down` in the folder says why nothing answers."""

    where = "the engine of the tests"

    def __init__(self, folder: Path, prefix: str) -> None:
        self._folder, self._prefix = folder, prefix

    def __getattr__(self, name: str) -> Any:
        def call(*given: Any) -> Any:
            if (self._folder / "down").exists():
                raise EngineError((self._folder / "down").read_text())
            memory = load(self._folder)
            try:
                found = getattr(Engine(memory, prefix=self._prefix), name)(*given)
                return list(found) if isinstance(found, Iterator) else found
            finally:
                save(self._folder, memory)

        return call


def _connect(backend: Any, connection: Connection) -> Kept:
    return Kept(Path(connection.variables[FOLDER]), backend.run_prefix)


class KeptTarget(Argo):
    """The target `kept`: the files of Argo."""

    name: ClassVar[str] = "kept"
    connection_options: ClassVar[Mapping[str, str]] = {"context": "A context."}
    run_prefix: ClassVar[str] = "kept-"
    connect = _connect


BACKEND = KeptTarget()


def stand_in() -> None:
    """Let it be the engine of `argo` in this process."""
    Argo.connection_options = KeptTarget.connection_options  # type: ignore[attr-defined,unused-ignore]
    Argo.run_prefix = "argo-"  # type: ignore[attr-defined,unused-ignore]
    Argo.connect = _connect  # type: ignore[attr-defined,unused-ignore,method-assign]


def install(folder: Path) -> dict[str, str]:
    """Bring the target as an installer leaves it; the variables with which a process finds it."""
    info, engine = folder / "kept_target-1.0.dist-info", folder / "engine"
    for made in (info, engine):
        made.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: kept-target\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[flowc.backends]\nkept = tests.operate.kept_engine:BACKEND\n")
    (folder / "sitecustomize.py").write_text("from tests.operate.kept_engine import stand_in\nstand_in()\n")
    known = os.environ.get("PYTHONPATH")
    return {FOLDER: str(engine), "PYTHONPATH": os.pathsep.join(filter(None, (str(folder), known)))}
