"""What the client looks at: which store, and which namespace."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

from flowc.store import open_store
from flowc.store.protocol import Store, StoreError

_FOLDER = ".flowc"


@contextlib.contextmanager
def metaflow_importable() -> Iterator[None]:
    """While artifacts are unpickled: a class may lie in a file that imports `metaflow`; ours serves where none is installed."""
    folder = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "_compat")
    sys.path.append(folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


class _Context:
    """The namespace of this process, and the stores that it has open, by their URLs."""

    def __init__(self) -> None:
        self.namespace: str | None = None
        self.is_default = True
        self.store: str | None = None
        self.stores: dict[str, Store] = {}


_context = _Context()


def namespace(ns: str | None) -> str | None:
    """Show only what has this tag (`user:ann`, `production:…`, any other); None shows all."""
    _context.namespace = ns
    _context.is_default = False
    return get_namespace()


def get_namespace() -> str | None:
    """The tag that everything shown has; None where all is shown."""
    return default_namespace() if _context.is_default else _context.namespace


def default_namespace() -> str:
    """Go back to the namespace that `current.namespace` tells too: `METAFLOW_NAMESPACE`, else `user:<name>`."""
    from flowc.language.current import username

    found = os.environ.get("METAFLOW_NAMESPACE") or f"user:{username()}"
    _context.namespace = found
    _context.is_default = True
    return found


def metadata(ms: str) -> str:
    """Look at another store from now on: `file:/path` or `s3://bucket/prefix`."""
    if ms.startswith("local@"):
        ms = f"file:{ms[len('local@') :]}"
    _context.store = open_here(ms).url
    return get_metadata()


def get_metadata() -> str:
    """The URL of the store that the client looks at."""
    return store_url()


def default_metadata() -> str:
    """Look at the store of the running task, or of this folder, again."""
    _context.store = None
    return get_metadata()


def store_url() -> str:
    """`FLOWC_STORE`, which every task has, else the nearest folder `.flowc`, from the working directory upwards."""
    return _context.store or os.environ.get("FLOWC_STORE") or f"file:{_nearest()}"


def open_here(url: str | None = None) -> Store:
    """The store of that URL, or the one that the client looks at; each is opened once in a process. Raises StoreError."""
    where = url or store_url()
    if where not in _context.stores:
        _context.stores[where] = open_store(where)
    return _context.stores[where]


def flow_names(store: Store) -> list[str]:
    """The flows that have runs in the store, by one look at its root."""
    from flowc.artifacts.address import unescape

    found = [unescape(name) for name in store.folders() if name[0] != "_"]
    return sorted(name for name in found if name)


def store_of(run: Any) -> tuple[str, tuple[str, str]]:
    """The store, the flow and the run's name of a client `Run` or of the flow that runs in this process."""
    from flowc.language.current import current

    where = getattr(run, "_store_url", None)
    if where is not None:
        flow, _, name = run.pathspec.partition("/")
        return str(where), (flow, name)
    if not current.is_running_flow:
        raise StoreError("S3(run=…) takes a Run of the client, or the flow itself while one of its steps runs")
    return store_url(), (current.flow_name, current.run_id)


def _nearest() -> str:
    folder = os.getcwd()
    while not os.path.isdir(os.path.join(folder, _FOLDER)):
        above = os.path.dirname(folder)
        if above == folder:
            return os.path.join(os.getcwd(), _FOLDER)
        folder = above
    return os.path.join(folder, _FOLDER)
