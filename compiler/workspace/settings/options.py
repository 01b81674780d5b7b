"""What a backend emits by: all settings of a target as its `Options`."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.backends import Backend, Options, without
from compiler.ir.flow import Value
from compiler.workspace.settings.keys import MLFLOW, SHARED, TRACKING
from compiler.workspace.settings.layers import Settings


def tracking(settings: Settings, target: str, given: Mapping[str, Value]) -> dict[str, Value]:
    """The MLflow server that runs are told to, and what of them, as the runtime takes it; nothing where none is named.

    Raises ConfigError for a secret in what the command line gives.
    """
    if not settings.text(f"{MLFLOW}.uri", target, given):
        return {}
    found = {key: settings.get(f"{MLFLOW}.{key}", target, given).value for key in TRACKING}
    return {key: value for key, value in found.items() if value}


def shared_settings(backend: Backend) -> tuple[str, ...]:
    """The settings that a target shares with others: all of `SHARED` that it has a use for."""
    lacks = without(backend)
    return tuple(key for key in SHARED if key not in lacks)


def target_options(settings: Settings, backend: Backend, given: Mapping[str, Value], default_image: str) -> Options:
    """The options of a target, by the settings and the command line. Raises ConfigError for a secret in a URL of the latter."""
    name = backend.name
    own = {key: settings.get(key, name, given).value for key in backend.target_options}
    return Options(
        default_image=default_image,
        image=settings.text("image", name, given),
        store=settings.text("store", name, given),
        code=settings.text("code", name, given),
        namespace=settings.text("namespace", name, given),
        name=settings.text("name", name, given),
        max_workers=settings.number("max_workers", name, given),
        same_code=settings.flag("same_code", name, given),
        images=settings.images,
        mlflow=tracking(settings, name, given),
        target={key: value for key, value in own.items() if value is not None},
    )
