"""Kubernetes' objects as arguments of `KubernetesPodOperator`, each as the client's model classes spell it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from compiler.backends import pod_options
from compiler.backends.airflow.literals import Call, Source
from compiler.backends.fields import is_text, mapping
from compiler.ir.flow import Value


def is_texts(value: Value) -> bool:
    return isinstance(value, tuple | list) and all(map(is_text, value))


def model(kind: str, /, **named: Source) -> Call:
    """An object of the Kubernetes client."""
    return Call(f"k8s.{kind}", named=tuple(named.items()))


def rendered(value: Value) -> Source:
    """A table of texts whose values Airflow renders as templates, so that each comes out as it was written."""
    return {key: _template(item) for key, item in mapping(value).items()}


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
    return [_of_fields("V1Toleration", each) for each in pod_options.tolerations(_items(value))]


def volumes(value: Value) -> list[Source]:
    """Volumes as Kubernetes spells them; what is inside of one stays a table, which the client sends as it is."""
    return [_of_fields("V1Volume", each) for each in _items(value)]


def mounts(value: Value) -> list[Source]:
    return [_of_fields("V1VolumeMount", each) for each in _items(value)]


def _of_fields(kind: str, table: Value) -> Source:
    named = table if isinstance(table, Mapping) else {}
    return model(kind, **{re.sub(_BORDER, "_", name).lower(): item for name, item in named.items()})


_BORDER = r"(?<=[a-z])(?=[A-Z])"
"""Where the client's names of fields have a `_`."""


def memory_volume(name: str, size: int) -> Call:
    """A volume in memory, of `size` MiB."""
    source = model("V1EmptyDirVolumeSource", medium="Memory", size_limit=f"{size}Mi")
    return model("V1Volume", name=name, empty_dir=source)


def ephemeral_volume(name: str, spec: Mapping[str, Value]) -> Call:
    """A volume that is made for one pod."""
    return model("V1Volume", name=name, ephemeral={"volumeClaimTemplate": {"spec": spec}})


def claim_volume(name: str, claim: str) -> Call:
    """A volume that a persistent volume claim gives."""
    source = model("V1PersistentVolumeClaimVolumeSource", claim_name=claim)
    return model("V1Volume", name=name, persistent_volume_claim=source)


def mount(name: str, path: str) -> Call:
    return model("V1VolumeMount", name=name, mount_path=path)
