"""What the pods of every target may do: the level `restricted` of Kubernetes, and what a step's own options loosen of it."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.backends.fields import camel
from compiler.ir.flow import Value

POD: Mapping[str, Value] = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "fsGroup": 1000,
    "fsGroupChangePolicy": "OnRootMismatch",
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""A user without rights, the one of the image that `flowc image` describes, whose group may write to the pod's volumes."""

CONTAINER: Mapping[str, Value] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ("ALL",)}}
"""What the level asks of each container by itself."""

FIELDS = frozenset({
    "allowPrivilegeEscalation", "appArmorProfile", "capabilities", "privileged", "procMount", "readOnlyRootFilesystem",
    "runAsGroup", "runAsNonRoot", "runAsUser", "seLinuxOptions", "seccompProfile", "windowsOptions",
})  # fmt: skip
"""What a container's security context holds."""

POD_FIELDS = frozenset({
    "appArmorProfile", "fsGroup", "fsGroupChangePolicy", "runAsGroup", "runAsNonRoot", "runAsUser", "seLinuxChangePolicy",
    "seLinuxOptions", "seccompProfile", "supplementalGroups", "supplementalGroupsPolicy", "sysctls", "windowsOptions",
})  # fmt: skip
"""What a pod's holds."""

_NUMBERS = frozenset({"fsGroup", "runAsGroup", "runAsUser"})
_FLAGS = frozenset({"allowPrivilegeEscalation", "privileged", "readOnlyRootFilesystem", "runAsNonRoot"})


def is_security_context(value: Value) -> bool:
    """Whether a container can have it, in Kubernetes' words or in those of its Python client."""
    return _is_context(value, FIELDS)


def is_pod_context(value: Value) -> bool:
    """Whether a pod can have it, in the same words."""
    return _is_context(value, POD_FIELDS)


def _is_context(value: Value, fields: frozenset[str]) -> bool:
    return isinstance(value, Mapping) and all(
        name in fields
        and (name not in _FLAGS or isinstance(item, bool))
        and (name not in _NUMBERS or (isinstance(item, int) and not isinstance(item, bool)))
        for name, item in named(value).items()
    )


def own_security(value: Value) -> dict[str, Value]:
    """What a step asks for over that of all containers, with what Kubernetes wants said beside it: it takes neither a privileged
    container that may not get rights, nor the user 0 in a pod of users without them."""
    said = named(value)
    if said.get("privileged") is True:
        said.setdefault("allowPrivilegeEscalation", True)
    if said.get("runAsUser") == 0:
        said.setdefault("runAsNonRoot", False)
    return said


def of_pods(value: Value) -> dict[str, Value]:
    """What the settings say of all pods; the group of a user that they name may write to the pod's volumes where they say nothing of it."""
    said = named(value)
    group = said.get("runAsGroup") or said.get("runAsUser")
    if group and "fsGroup" not in said:
        said |= {"fsGroup": group}
        said.setdefault("fsGroupChangePolicy", "OnRootMismatch")
    return said


def over(of_all: Mapping[str, Value], own: Mapping[str, Value]) -> dict[str, Value]:
    """A container's own context over that of all, field by field, as Argo lays the one over the other."""
    found = {**of_all, **own}
    for name, value in own.items():
        below = of_all.get(name)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            found[name] = {**below, **value}
    return found


def named(value: Value) -> dict[str, Value]:
    """A context with the names of Kubernetes, without what is None."""
    found = camel(value)
    return {key: item for key, item in found.items() if item is not None} if isinstance(found, Mapping) else {}
