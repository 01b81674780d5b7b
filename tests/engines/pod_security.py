"""What the level `restricted` of Kubernetes' Pod Security Standards refuses in a pod, by its page; and the pods of a manifest of Argo's.

The pods are specs as the API has them. Argo's own containers are left out: the controller gives them a context that passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.engines.argo_nodes import merged, obj, objects

_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
_SECCOMP = ("RuntimeDefault", "Localhost")


def violations(spec: Mapping[str, Any]) -> list[str]:
    """What the level says against a pod."""
    return [*_of_pod(spec), *(wrong for each in _containers(spec) for wrong in _of_container(each, spec))]


def argo_pods(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The pod that Argo makes of each container template of a WorkflowTemplate, by its name; without what patches it."""
    spec = obj(document["spec"])
    found: dict[str, dict[str, Any]] = {}
    for template in objects(spec["templates"]):
        if "container" in template:
            made = merged(template, spec.get("templateDefaults"))
            found[str(made["name"])] = {
                "containers": [made["container"]],
                "volumes": [*objects(spec.get("volumes")), *objects(made.get("volumes"))],
                "securityContext": made.get("securityContext", spec.get("securityContext")),
            }
    return found


def _containers(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        yield from spec.get(kind) or ()


def _of_pod(spec: Mapping[str, Any]) -> Iterator[str]:
    yield from (key for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key))
    for volume in spec.get("volumes") or ():
        yield from (f"volume {kind}" for kind in set(volume) - {"name"} - _VOLUMES)
    context = spec.get("securityContext") or {}
    if context.get("runAsUser") == 0:
        yield "runAsUser"
    if context.get("sysctls"):
        yield "sysctls"


def _of_container(container: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    own, pod = container.get("securityContext") or {}, spec.get("securityContext") or {}
    both = {**pod, **own}
    if own.get("privileged"):
        yield "privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"
    capabilities = own.get("capabilities") or {}
    if "ALL" not in (capabilities.get("drop") or ()):
        yield "capabilities.drop"
    if set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}:
        yield "capabilities.add"
    if both.get("runAsNonRoot") is not True:
        yield "runAsNonRoot"
    if own.get("runAsUser") == 0:
        yield "runAsUser"
    if (both.get("seccompProfile") or {}).get("type") not in _SECCOMP:
        yield "seccompProfile"
    if own.get("procMount", "Default") != "Default":
        yield "procMount"
    yield from ("hostPort" for port in container.get("ports") or () if port.get("hostPort"))
