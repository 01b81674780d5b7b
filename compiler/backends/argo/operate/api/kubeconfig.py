"""Which cluster, user and namespace `kubectl` would take: the files of KUBECONFIG together, `~/.kube/config`, or the pod's own account.

lightkube reads one file and its own environment; several files, their order and what it would pass over silently are ours.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compiler.backends.operating import EngineError
from compiler.documents import NotParsed, parse_yaml
from compiler.mistakes import CallError
from compiler.reading import TEXT, read_file

if TYPE_CHECKING:
    from lightkube.config.kubeconfig import SingleConfig

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where a pod finds its own account."""

_LISTS = {"clusters": "cluster", "contexts": "context", "users": "user"}
_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
_UNKNOWN = ("tls-server-name",)
"""What a cluster's entry may say and lightkube passes over: connecting all the same would be to somebody else."""

_EXEC = "client.authentication.k8s.io/"


def single_config(
    variables: Mapping[str, str], named: str | None, context: str | None, account: str = ACCOUNT
) -> tuple[SingleConfig, str | None]:
    """What to connect to, and the proxy that its entry names. Raises CallError for what the files do not have, EngineError without any."""
    files = _files(variables, named)
    if not files:
        return _in_cluster(variables, Path(account)), None
    return _of(_together(files), context)


def _files(variables: Mapping[str, str], named: str | None) -> list[Path]:
    home = Path(variables.get("HOME", "~")).expanduser()
    text = named or variables.get("KUBECONFIG", "")
    listed = [
        Path(part.replace("~", str(home), 1) if part.startswith("~/") else part)
        for part in text.split(os.pathsep)
        if part
    ]
    if named and not listed[0].is_file():
        raise CallError(f"there is no kubeconfig {named}: correct `kubeconfig` in [tool.flowc.argo.connection]")
    return [path for path in listed or [home / ".kube" / "config"] if path.is_file()]


def _together(files: list[Path]) -> dict[str, Any]:
    """All files as one: of what several have, the first one counts."""
    merged: dict[str, Any] = {key: {} for key in _LISTS}
    current = ""
    for path in files:
        tree = _read(path)
        current = current or str(tree.get("current-context") or "")
        for key, inner in _LISTS.items():
            for name, entry in _entries(tree, key, inner):
                merged[key].setdefault(name, _absolute(entry, path.parent))
    return {**merged, "current-context": current}


def _read(path: Path) -> dict[str, Any]:
    try:
        tree = parse_yaml(read_file(path, TEXT).decode())
    except OSError as error:
        raise CallError(f"{path}: {error.strerror}; correct KUBECONFIG or the file's rights") from error
    except (NotParsed, UnicodeDecodeError):
        raise CallError(f"{path} is no kubeconfig: it cannot be read as YAML") from None
    if not isinstance(tree, dict):
        raise CallError(f"{path} is no kubeconfig: correct KUBECONFIG")
    return tree


def _entries(tree: dict[str, Any], key: str, inner: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in tree.get(key) or ():
        if isinstance(entry, dict) and isinstance(entry.get(inner), dict):
            yield str(entry.get("name")), entry[inner]


def _absolute(entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Names of files are relative to the file that has them."""
    found = {key: str(folder / str(entry[key])) for key in _FILES if entry.get(key)}
    return {**entry, **found}


def _of(tree: dict[str, Any], context: str | None) -> tuple[SingleConfig, str | None]:
    from lightkube.config.kubeconfig import SingleConfig  # noqa: PLC0415 - the library is an extra
    from lightkube.config.models import Cluster, Context, User  # noqa: PLC0415
    from msgspec import ValidationError, convert  # noqa: PLC0415 - it comes with lightkube

    name = context or tree["current-context"]
    if not name:
        raise CallError("no context is chosen: name one with `context`, or `kubectl config use-context`")
    if name not in tree["contexts"]:
        known = ", ".join(sorted(tree["contexts"])) or "none"
        raise CallError(f"the kubeconfig has no context {name}: it has {known}")
    entry = tree["contexts"][name]
    cluster, user = tree["clusters"].get(entry.get("cluster")), tree["users"].get(entry.get("user"), {})
    if cluster is None:
        raise CallError(f"the kubeconfig's context {name} names no cluster that it has: correct the file")
    for key in _UNKNOWN:
        if cluster.get(key):
            raise CallError(
                f"`{key}` of the kubeconfig's cluster is not supported: name another context, or use Argo Server (`server`)"
            )
    try:
        return (
            SingleConfig(name, convert(entry, Context), convert(cluster, Cluster), convert(_known_exec(user), User)),
            cluster.get("proxy-url"),
        )
    except ValidationError:
        raise CallError(f"the kubeconfig's context {name} is not what kubectl takes: correct the file") from None


def _known_exec(user: dict[str, Any]) -> dict[str, Any]:
    """A user whose login program speaks `v1`, as one of `v1beta1`: what it prints is read alike."""
    program = user.get("exec")
    if isinstance(program, dict) and program.get("apiVersion") == f"{_EXEC}v1":
        return {**user, "exec": {**program, "apiVersion": f"{_EXEC}v1beta1"}}
    return user


def _in_cluster(variables: Mapping[str, str], account: Path) -> SingleConfig:
    from lightkube.config.kubeconfig import SingleConfig  # noqa: PLC0415 - the library is an extra
    from lightkube.config.models import Cluster, Context, User  # noqa: PLC0415

    host, port = variables.get("KUBERNETES_SERVICE_HOST"), variables.get("KUBERNETES_SERVICE_PORT", "443")
    if not host or not (account / "token").is_file():
        raise EngineError(
            "no cluster is known: set KUBECONFIG, or ARGO_SERVER (or `server` in [tool.flowc.argo.connection])"
        )
    place = account / "namespace"
    return SingleConfig(
        "in-cluster",
        Context(cluster="in-cluster", user="pod", namespace=read_file(place, TEXT).decode().strip() if place.is_file() else None),
        Cluster(server=f"https://{f'[{host}]' if ':' in host else host}:{port}", certificate_auth=str(account / "ca.crt")),
        User(token_file=str(account / "token")),
    )  # fmt: skip
