"""Kubernetes' objects as arguments of `KubernetesPodOperator`, each as the client's model classes spell it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from compiler.backends.airflow.literals import Call, Source
from compiler.ir.flow import Value
from compiler.ir.plan import Resources

TOLERATION_KEYS = {
    "key": "key",
    "operator": "operator",
    "value": "value",
    "effect": "effect",
    "tolerationSeconds": "toleration_seconds",
    "toleration_seconds": "toleration_seconds",
}


def is_text(value: Value) -> bool:
    return isinstance(value, str) and bool(value)


def is_texts(value: Value) -> bool:
    return isinstance(value, tuple | list) and all(map(is_text, value))


def is_mapping(value: Value) -> bool:
    return isinstance(value, Mapping)


def are_tolerations(value: Value) -> bool:
    """A list of tables with a toleration's keys."""
    return isinstance(value, tuple | list) and all(
        isinstance(each, Mapping) and set(each) <= set(TOLERATION_KEYS) for each in value
    )


def model(kind: str, /, **named: Source) -> Call:
    """An object of the Kubernetes client."""
    return Call(f"k8s.{kind}", named=tuple(named.items()))


def rendered(value: Value) -> Source:
    """A table of texts whose values Airflow renders as templates, so that each comes out as it was written."""
    return {key: _template(_word(item)) for key, item in value.items()} if isinstance(value, Mapping) else None


def _word(value: Value) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _template(text: str) -> str:
    """The text, or where a template would change it (also its last newline) an expression that is a literal of it."""
    if not re.search(_TEMPLATE, text):
        return text
    letters = (
        char if char.isascii() and (char.isalnum() or char in _HARMLESS) else _escape(ord(char)) for char in text
    )
    return f'{{{{ "{"".join(letters)}" }}}}'


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


_TEMPLATE = r"\{[{%#]|\r|\n\Z"
_HARMLESS = frozenset(" !$&()*+,-./:;<=>?@[]^_|~")


def _items(value: Value) -> tuple[Value, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def pull_secrets(value: Value) -> Source:
    return [model("V1LocalObjectReference", name=str(name)) for name in _items(value)]


def env_from(value: Value) -> Source:
    """All keys of the named secrets as environment."""
    return [model("V1EnvFromSource", secret_ref=model("V1SecretEnvSource", name=str(name))) for name in _items(value)]


def tolerations(value: Value) -> Source:
    return [
        model("V1Toleration", **{TOLERATION_KEYS[key]: item for key, item in each.items()})
        for each in _items(value)
        if isinstance(each, Mapping)
    ]


def resources(asked: Resources, gpu_vendor: str, guaranteed: bool) -> Source:
    """Requests and limits; None where the author asks for nothing. Only GPUs are limits, unless the pod is Guaranteed."""
    requests: dict[str, Source] = {}
    if asked.cpu is not None:
        requests["cpu"] = f"{asked.cpu:g}"
    if asked.memory is not None:
        requests["memory"] = f"{asked.memory}Mi"
    if asked.disk is not None:
        requests["ephemeral-storage"] = f"{asked.disk}Mi"
    limits = dict(requests) if guaranteed else {}
    if asked.gpu:
        limits[f"{gpu_vendor}.com/gpu"] = str(asked.gpu)
    named: dict[str, Source] = {"requests": requests} if requests else {}
    if limits:
        named["limits"] = limits
    return model("V1ResourceRequirements", **named) if named else None


def memory_volume(name: str, size: int | None) -> Call:
    """A volume in memory, of `size` MiB."""
    limit: dict[str, Source] = {} if size is None else {"size_limit": f"{size}Mi"}
    return model("V1Volume", name=name, empty_dir=model("V1EmptyDirVolumeSource", medium="Memory", **limit))


def claim_volume(name: str, claim: str) -> Call:
    """A volume that a persistent volume claim gives."""
    source = model("V1PersistentVolumeClaimVolumeSource", claim_name=claim)
    return model("V1Volume", name=name, persistent_volume_claim=source)


def mount(name: str, path: str) -> Call:
    return model("V1VolumeMount", name=name, mount_path=path)
