"""What `doctor` looks at: the engine says most, the store is written from here."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from flowc.store import open_store
from flowc.store.protocol import StoreError

from compiler.backends.operating import Diagnosis, Engine
from compiler.call.stores import local_store
from compiler.operate.places import Asked


def diagnoses(engine: Engine, asked: Asked) -> Iterator[Diagnosis]:
    """What is well and what is not, one after the other."""
    yield Diagnosis("where", None if not engine.where else True, engine.where)
    yield from engine.diagnose()
    yield _store(asked)


def _store(asked: Asked) -> Diagnosis:
    """Whether the store takes an object from here, gives it back and forgets it."""
    named = asked.store or asked.settings.text("store", asked.target)
    if named is None:
        cure = "name it in [tool.flowc]: `status`, `logs` and `runs` show what tasks left only where they can read it"
        return Diagnosis("store", None, "no setting names it", cure)
    url = local_store(asked.settings, named)
    key = f"_doctor/{uuid.uuid4().hex}"
    try:
        store = open_store(url)
        store.put(key, [b"flowc doctor"])
        is_same = store.get(key).data == b"flowc doctor"
        store.delete(key)
    except (StoreError, OSError) as error:
        return Diagnosis("store", False, f"{url}: {error}", "let who calls here read and write it, as the tasks do")
    return Diagnosis("store", is_same, f"{url} takes an object and gives it back", "it gave other bytes back")
