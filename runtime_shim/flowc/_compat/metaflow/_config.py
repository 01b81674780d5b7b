"""`metaflow.metaflow_config`: what a flow may ask of the configuration, as what it is here; looked up when it is asked for."""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def from_conf(name: str, default: Any = None, validate_fn: Any = None) -> Any:
    """The variable `METAFLOW_<name>`, of the default's kind; else the default."""
    value = os.environ.get(f"METAFLOW_{name}")
    if value is None:
        return default
    if isinstance(default, (list, dict)):
        return json.loads(value)
    if isinstance(default, bool):
        return value.lower() not in ("", "0", "false")
    return type(default)(value) if isinstance(default, (int, float)) else value


def _store() -> str:
    from flowc.client.context import store_url

    return store_url()


def _s3() -> str | None:
    url = _store()
    return url if url.startswith("s3:") else None


def _local() -> str | None:
    url = _store()
    return url[len("file:") :] if url.startswith("file:") else None


def _below(name: str, root: str | None) -> str | None:
    """The place beside the store where the language keeps an author's own objects."""
    found: str | None = from_conf(name, None if root is None else f"{root.rstrip('/')}/data")
    return found


_VALUES: dict[str, Callable[[], Any]] = {
    "DEFAULT_DATASTORE": lambda: "local" if _s3() is None else "s3",
    "DATASTORE_SYSROOT_S3": _s3,
    "DATASTORE_SYSROOT_LOCAL": _local,
    "DATASTORE_SYSROOT_AZURE": lambda: None,
    "DATASTORE_SYSROOT_GS": lambda: None,
    "DATATOOLS_S3ROOT": lambda: _below("DATATOOLS_S3ROOT", _s3()),
    "DATATOOLS_LOCALROOT": lambda: _below("DATATOOLS_LOCALROOT", _local()),
    "DATATOOLS_SUFFIX": lambda: "data",
    "S3_ENDPOINT_URL": lambda: os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"),
    "SERVICE_URL": lambda: None,
    "UI_URL": lambda: None,
    "USER": lambda: from_conf("USER"),
    "TEMPDIR": lambda: from_conf("TEMPDIR", "."),
    "NAMESPACED_EVENTS_PREFIX": lambda: "mfns",
    "ARGO_EVENTS_WEBHOOK_URL": lambda: from_conf("ARGO_EVENTS_WEBHOOK_URL"),
}

__all__ = ["from_conf"]
__all__ += list(_VALUES)


def __getattr__(name: str) -> Any:
    """A value of the configuration, as it is now."""
    if name not in _VALUES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _VALUES[name]()
