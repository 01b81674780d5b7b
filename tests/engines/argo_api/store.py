"""The objects of a cluster as Kubernetes keeps them: versions, field managers, patches, selectors, and what goes with its owner."""

from __future__ import annotations

import datetime
import re
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.engines.argo_api.swagger import copied, faults

Tree = dict[str, Any]
Path = tuple[str, ...]

KINDS = {
    "workflows": "Workflow",
    "workflowtemplates": "WorkflowTemplate",
    "cronworkflows": "CronWorkflow",
    "sensors": "Sensor",
    "eventsources": "EventSource",
    "serviceaccounts": "ServiceAccount",
    "roles": "Role",
    "rolebindings": "RoleBinding",
    "pods": "Pod",
    "events": "Event",
}
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_LABEL = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?")
_FIXED = ("uid", "creationTimestamp", "namespace", "name")


class ApiFault(Exception):
    """An answer that is an error: the status, Kubernetes' word, a sentence."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message


@dataclass(slots=True)
class Store:
    """All objects by kind and name, of one namespace. `lock` is held by whoever reads or writes."""

    namespace: str
    objects: dict[tuple[str, str], Tree] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.RLock)
    version: int = 100
    managers: dict[tuple[str, str], dict[tuple[str, str], set[Path]]] = field(default_factory=dict)
    """For each object what each manager and operation owns."""
    writes: list[tuple[str, str, str]] = field(default_factory=list)
    """What was written: the verb, the kind in plural, the name."""

    def get(self, plural: str, name: str) -> Tree:
        """A copy of the object."""
        with self.lock:
            if (plural, name) not in self.objects:
                raise ApiFault(404, "NotFound", f'{plural} "{name}" not found')
            return copied(self.objects[plural, name])  # type: ignore[no-any-return]  # a copy of a Tree

    def find(self, plural: str, labels: str, fields: str = "") -> list[Tree]:
        """Those that the selectors take, by name."""
        with self.lock:
            found = [tree for (kind, _), tree in sorted(self.objects.items()) if kind == plural]
            return [copied(tree) for tree in found if selects(labels, tree) and _in_fields(fields, tree)]

    def create(self, plural: str, document: Tree, manager: str) -> Tree:
        """A new object. 409 where the name is taken, 422 for what the schema does not take."""
        with self.lock:
            tree = copied(document)
            metadata = tree.setdefault("metadata", {})
            if "name" not in metadata and "generateName" in metadata:
                metadata["name"] = f"{metadata['generateName']}{uuid.uuid4().hex[:5]}"
            name = str(metadata.get("name", ""))
            if (plural, name) in self.objects:
                raise ApiFault(409, "AlreadyExists", f'{plural} "{name}" already exists')
            if metadata.get("resourceVersion"):
                raise ApiFault(400, "BadRequest", "resourceVersion should not be set on objects to be created")
            metadata |= {"namespace": self.namespace, "uid": str(uuid.uuid4()), "creationTimestamp": now()}
            self._judge(plural, tree)
            self.managers[plural, name] = {(manager, "Update"): set(_leaves(document))}
            return self._put("create", plural, name, tree)

    def replace(self, plural: str, name: str, document: Tree, manager: str) -> Tree:
        """Another object under the name, of the version that was read."""
        with self.lock:
            old = self.get(plural, name)
            version = document.get("metadata", {}).get("resourceVersion")
            if not version:
                raise ApiFault(
                    422, "Invalid", "metadata.resourceVersion: Invalid value: 0x0: must be specified for an update"
                )
            self._same_version(old, version)
            tree = copied(document)
            tree["metadata"] |= {key: old["metadata"][key] for key in _FIXED if key in old["metadata"]}
            self._judge(plural, tree)
            self.managers[plural, name][manager, "Update"] = set(_leaves(document))
            return self._changed("update", plural, name, old, tree)

    def merge(self, plural: str, name: str, patch: Tree, manager: str) -> Tree:
        """A JSON merge patch."""
        with self.lock:
            old = self.get(plural, name)
            self._same_version(old, patch.get("metadata", {}).get("resourceVersion"))
            tree = merged(old, patch)
            self._judge(plural, tree)
            self.managers[plural, name].setdefault((manager, "Update"), set()).update(_leaves(patch))
            return self._changed("patch", plural, name, old, tree)

    def apply(self, plural: str, name: str, document: Tree, manager: str, force: bool) -> Tree:
        """Server-side apply: what the manager owned and says no more goes, unless another owns it too."""
        with self.lock:
            if "managedFields" in document.get("metadata", {}):
                raise ApiFault(400, "BadRequest", "metadata.managedFields must be nil")
            if document.get("metadata", {}).get("name") != name:
                raise ApiFault(400, "BadRequest", "the name of the object does not match the name on the URL")
            version = document["metadata"].get("resourceVersion")
            if (plural, name) not in self.objects:
                if version:
                    raise ApiFault(
                        409, "Conflict", f'Operation cannot be fulfilled on {plural} "{name}": it does not exist'
                    )
                made = self.create(plural, document, manager)
                self.managers[plural, name] = {(manager, "Apply"): set(_leaves(document))}
                return made
            old = self.get(plural, name)
            self._same_version(old, version)
            owned = self.managers[plural, name]
            wanted = set(_leaves(document))
            others = {path: who for who, paths in owned.items() if who != (manager, "Apply") for path in paths}
            clashes = [path for path in wanted if path in others and _at(old, path) != _at(document, path)]
            if clashes and not force:
                raise ApiFault(409, "Conflict", f"Apply failed with {len(clashes)} conflicts")
            tree = copied(old)
            for path in owned.get((manager, "Apply"), set()) - wanted - set(others):
                _remove(tree, path)
            for path in sorted(wanted):
                _set(tree, path, _at(document, path))
            for who, paths in owned.items():
                if who != (manager, "Apply"):
                    paths.difference_update(clashes)
            self._judge(plural, tree)
            owned[manager, "Apply"] = wanted
            return self._changed("apply", plural, name, old, tree)

    def delete(self, plural: str, name: str, propagation: str) -> Tree:
        """Remove an object, and what it owns unless that is to be orphaned."""
        with self.lock:
            old = self.get(plural, name)
            self.writes.append(("delete", plural, name))
            if propagation == "Orphan":
                self.touch(
                    plural, name, metadata={**old["metadata"], "deletionTimestamp": now(), "finalizers": ["orphan"]}
                )
                threading.Timer(0.3, self._collect, (plural, name)).start()
                return old
            del self.objects[plural, name]
            for key, tree in list(self.objects.items()):
                owners = tree["metadata"].get("ownerReferences", [])
                if any(owner["uid"] == old["metadata"]["uid"] for owner in owners):
                    del self.objects[key]
            return old

    def _collect(self, plural: str, name: str) -> None:
        """The garbage collector has let the dependents go."""
        with self.lock:
            self.objects.pop((plural, name), None)

    def touch(self, plural: str, name: str, **fields: Any) -> None:
        """What a controller writes: top-level fields, without anybody's leave."""
        with self.lock:
            tree = self.objects[plural, name]
            tree.update(copied(fields))
            self.version += 1
            tree["metadata"]["resourceVersion"] = str(self.version)

    def _same_version(self, old: Tree, version: str | None) -> None:
        if version and version != old["metadata"]["resourceVersion"]:
            said = f'Operation cannot be fulfilled on "{old["metadata"]["name"]}": the object has been modified'
            raise ApiFault(409, "Conflict", said)

    def _changed(self, verb: str, plural: str, name: str, old: Tree, tree: Tree) -> Tree:
        tree["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
        if tree == old:
            return tree
        return self._put(verb, plural, name, tree)

    def _put(self, verb: str, plural: str, name: str, tree: Tree) -> Tree:
        self.version += 1
        tree["metadata"]["resourceVersion"] = str(self.version)
        self.objects[plural, name] = tree
        self.writes.append((verb, plural, name))
        return copied(tree)  # type: ignore[no-any-return]  # a copy of a Tree

    def _judge(self, plural: str, tree: Tree) -> None:
        metadata = tree["metadata"]
        name = str(metadata.get("name", ""))
        if metadata.get("namespace", self.namespace) != self.namespace:
            raise ApiFault(
                400,
                "BadRequest",
                "the namespace of the provided object does not match the namespace sent on the request",
            )
        if not _NAME.fullmatch(name):
            raise ApiFault(
                422,
                "Invalid",
                f'{plural} "{name}" is invalid: metadata.name: a lowercase RFC 1123 subdomain must be given',
            )
        for key, value in (metadata.get("labels") or {}).items():
            if (
                not isinstance(value, str)
                or not _LABEL.fullmatch(value)
                or not _LABEL.fullmatch(key.rpartition("/")[2])
            ):
                raise ApiFault(
                    422, "Invalid", f'{plural} "{name}" is invalid: metadata.labels: Invalid value: "{value}"'
                )
        if sum(len(key) + len(value) for key, value in (metadata.get("annotations") or {}).items()) > 262_144:
            raise ApiFault(
                422,
                "Invalid",
                f'{plural} "{name}" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes',
            )
        if tree.get("kind") != KINDS[plural]:
            raise ApiFault(400, "BadRequest", f"an object of the kind {tree.get('kind')} is none of {plural}")
        wrong = faults(KINDS[plural], tree)
        if wrong:
            raise ApiFault(422, "Invalid", f'{KINDS[plural]}.argoproj.io "{name}" is invalid: {"; ".join(wrong[:3])}')


def now() -> str:
    """A time as Kubernetes writes it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def selects(selector: str, tree: Tree) -> bool:
    """Whether a label selector takes an object. 400 for one that is written wrongly."""
    labels = tree["metadata"].get("labels") or {}
    return all(_requires(each.strip(), labels) for each in selector.split(",") if each.strip())


def _requires(each: str, labels: Mapping[str, str]) -> bool:
    match = re.fullmatch(r"(!?)([-A-Za-z0-9_./]+)(?:(==|=|!=)([-A-Za-z0-9_.]*))?", each)
    if not match or not _LABEL.fullmatch(match[4] or ""):
        raise ApiFault(400, "BadRequest", f"unable to parse requirement: {each}")
    _, key, sign, value = match.groups()
    if not sign:
        return (key in labels) != bool(match[1])
    return (labels.get(key) != value) if sign == "!=" else labels.get(key) == value


def _in_fields(selector: str, tree: Tree) -> bool:
    for each in filter(None, selector.split(",")):
        path, _, value = each.partition("=")
        if path not in ("metadata.name", "involvedObject.name"):
            raise ApiFault(400, "BadRequest", f"field label not supported: {path}")
        if _at(tree, tuple(path.split("."))) != value:
            return False
    return True


def merged(tree: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return copied(patch)
    found = dict(tree) if isinstance(tree, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found


def _leaves(tree: Any, path: Path = ()) -> Iterator[Path]:
    """The paths that a document sets; lists are whole, an empty mapping is a leaf."""
    if isinstance(tree, dict) and tree:
        for key, value in tree.items():
            if (*path, key) not in (
                ("apiVersion",),
                ("kind",),
                ("metadata", "name"),
                ("metadata", "namespace"),
                ("metadata", "resourceVersion"),
            ):
                yield from _leaves(value, (*path, key))
    elif path:
        yield path


def _at(tree: Any, path: Path) -> Any:
    for key in path:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def _set(tree: Tree, path: Path, value: Any) -> None:
    for key in path[:-1]:
        if not isinstance(tree.get(key), dict):
            tree[key] = {}
        tree = tree[key]
    tree[path[-1]] = copied(value)


def _remove(tree: Tree, path: Path) -> None:
    parents = [tree]
    for key in path[:-1]:
        if not isinstance(parents[-1].get(key), dict):
            return
        parents.append(parents[-1][key])
    parents[-1].pop(path[-1], None)
    for parent, key in zip(reversed(parents[:-1]), reversed(path[:-1]), strict=True):
        if parent[key] == {}:
            del parent[key]
