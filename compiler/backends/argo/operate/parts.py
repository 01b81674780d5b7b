"""The objects of a deployment: what its files say, with the marks by which they are found again, and how two states are compared.

The marks are the applier's: `flowc/deployment` is a label, the record and the digests of what was deployed are annotations.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from compiler.backends.argo.events import sensor_name
from compiler.backends.argo.operate.api.protocol import ACCOUNT, CRON, DEPLOYED, SENSOR, SOURCE, TEMPLATE, Kind, Object
from compiler.backends.argo.parameters import unlisted
from compiler.backends.operating import RECORD_PREFIX, Record, RefusedError, Release, as_texts, record_of
from compiler.backends.yaml_text import document as yaml_of
from compiler.slotted_class import record

MARK, OURS = "app.kubernetes.io/managed-by", "flowc"
DEPLOYMENT = f"{RECORD_PREFIX}deployment"
STATE = f"{RECORD_PREFIX}state"
"""Three digests: of the body that was deployed, of what the server made of it, of the labels and annotations."""

MORE = f"{RECORD_PREFIX}more-parameters"
"""The parameters whose defaults the code has, between commas: the template does not name them."""

_META = ("apiVersion", "kind", "metadata", "status")
_TEXTS = ("value", "default")
"""Where an empty text says something."""

_DIGITS = 16


@record
class Part:
    """One object that is to be there."""

    kind: Kind
    name: str
    document: Object

    @property
    def digest(self) -> str:
        """Of its body."""
        return digest(body(self.document))

    @property
    def metadata_digest(self) -> str:
        """Of its labels and annotations, without those that tell of the deploying."""
        metadata = self.document["metadata"]
        return digest([metadata.get("labels") or {}, _foreign(metadata.get("annotations"))])


def parts(release: Release) -> tuple[Part, ...]:
    """The objects of a release in the order in which they need each other. Raises RefusedError for a kind that nobody here knows."""
    found: list[Part] = []
    texts = as_texts(release.record)
    for file in release.files:
        more = unlisted(file.text)
        for tree in _documents(file.text):
            kind = next((kind for kind in DEPLOYED if kind.name == tree.get("kind")), None)
            if kind is None or kind.api_version != tree.get("apiVersion"):
                raise RefusedError(f"{file.name}: an object of the kind {tree.get('kind')} is not one of a deployment")
            own = {MORE: ",".join(more)} if kind == TEMPLATE and more else {}
            found.append(_marked(kind, tree, release.name, {**texts, **own}))
    return tuple(sorted(found, key=lambda part: DEPLOYED.index(part.kind)))


def _documents(text: str) -> Iterator[Object]:
    import yaml  # noqa: PLC0415 - only deploying reads

    yield from (tree for tree in yaml.safe_load_all(text) if isinstance(tree, dict))


def _marked(kind: Kind, tree: Object, deployment: str, texts: Mapping[str, str]) -> Part:
    metadata = dict(tree["metadata"])
    metadata["labels"] = {**(metadata.get("labels") or {}), DEPLOYMENT: deployment}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **texts}
    return Part(kind, str(metadata["name"]), {**tree, "metadata": metadata})


def with_state(part: Part, live: str | None = None) -> Object:
    """The document with the digests of what is deployed; `live` is that of what the server makes of it, where it differs."""
    state = f"{part.digest}.{live or part.digest}.{part.metadata_digest}"
    metadata = part.document["metadata"]
    return {**part.document, "metadata": {**metadata, "annotations": {**metadata["annotations"], STATE: state}}}


def labels_of(tree: Object) -> Mapping[str, str]:
    """An object's labels."""
    return tree["metadata"].get("labels") or {}


def annotations_of(tree: Object) -> Mapping[str, str]:
    """An object's annotations."""
    return tree["metadata"].get("annotations") or {}


def record_in(tree: Object) -> Record | None:
    """What is kept beside an object of how it was deployed."""
    return record_of(annotations_of(tree))


def is_marked(tree: Object) -> bool:
    """Whether an object carries our mark, whoever has applied it."""
    return labels_of(tree).get(MARK) == OURS or DEPLOYMENT in labels_of(tree)


def belongs(kind: Kind, tree: Object, deployment: str) -> bool:
    """Whether an object of ours is a part of a deployment: by its label, or by what it is where somebody else has applied the files."""
    if not is_marked(tree):
        return False
    named = labels_of(tree).get(DEPLOYMENT)
    if named is not None:
        return named == deployment
    if kind == CRON:
        return started_by(tree) == deployment
    return str(tree["metadata"]["name"]) == (sensor_name(deployment) if kind in (SENSOR, SOURCE) else deployment)


def started_by(cron: Object) -> str:
    """The name of the template that a CronWorkflow starts."""
    spec = (cron.get("spec") or {}).get("workflowSpec") or {}
    return str((spec.get("workflowTemplateRef") or {}).get("name", ""))


def is_same(part: Part, live: Object) -> bool:
    """Whether an object is what the part says, and was deployed as it is."""
    state = annotations_of(live).get(STATE, "")
    made, seen, metadata = (*state.split("."), "", "", "")[:3]
    return (
        made == part.digest
        and metadata == part.metadata_digest
        and seen == digest(body(live))
        and sleeps(part.document) in (None, bool(sleeps(live)))
        and _has(labels_of(live), part.document["metadata"]["labels"])
        and _has(annotations_of(live), _foreign(part.document["metadata"]["annotations"]))
    )


def is_by_hand(part: Part, live: Object) -> bool:
    """Whether an object that we have deployed is no more as it was left; that its schedule was suspended or resumed is not counted."""
    state = annotations_of(live).get(STATE, "")
    return bool(state) and state.split(".")[1:2] != [digest(body(live))]


def sleeps(tree: Object) -> bool | None:
    """Whether an object says that its schedule sleeps; None where it says nothing of it."""
    said = (tree.get("spec") or {}).get("suspend") if tree.get("kind") == CRON.name else None
    return None if said is None else bool(said)


def as_it_sleeps(document: Object, live: Object) -> Object:
    """The document for what is there: where it does not say whether a schedule sleeps, that stays as it is."""
    there = sleeps(live)
    if there is None or sleeps(document) is not None:
        return document
    return {**document, "spec": {**document["spec"], "suspend": there}}


def body(tree: Object) -> Any:
    """What an object says beside its metadata, without what is empty, and without whether its schedule sleeps."""
    if tree.get("kind") == ACCOUNT.name:
        return {}  # Kubernetes adds to it
    found = _plain({key: value for key, value in tree.items() if key not in _META})
    if tree.get("kind") == CRON.name:
        (found.get("spec") or {}).pop("suspend", None)
    return found


def digest(value: Any) -> str:
    """Of a JSON value, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def shown(tree: Object, like: Object) -> str:
    """An object as text that can be compared: without what a server adds, its keys in the order of `like`."""
    metadata = tree["metadata"]
    kept = {
        "name": metadata["name"],
        "labels": {
            key: value for key, value in labels_of(tree).items() if key in (like["metadata"].get("labels") or {})
        },
        "annotations": {
            key: value
            for key, value in _foreign(annotations_of(tree)).items()
            if key in (like["metadata"].get("annotations") or {})
        },
    }
    whole = {"apiVersion": tree.get("apiVersion"), "kind": tree.get("kind"), "metadata": kept, **body(tree)}
    if sleeps(like) is not None and sleeps(tree) is not None:
        whole["spec"] = {**whole["spec"], "suspend": sleeps(tree)}
    return yaml_of(_ordered(_plain(whole), like))


def _ordered(value: Any, like: Any) -> Any:
    if isinstance(value, dict):
        first = [key for key in like if key in value] if isinstance(like, dict) else []
        rest = sorted(key for key in value if key not in first)
        return {key: _ordered(value[key], like.get(key) if isinstance(like, dict) else None) for key in (*first, *rest)}
    if isinstance(value, list):
        beside = like if isinstance(like, list) else []
        return [_ordered(item, beside[at] if at < len(beside) else None) for at, item in enumerate(value)]
    return str(value) if isinstance(value, float) else value


def _plain(value: Any, key: str = "") -> Any:
    """A value without what is null or empty: a server adds and drops such fields."""
    if isinstance(value, dict):
        made = {name: _plain(item, name) for name, item in value.items()}
        return {name: item for name, item in made.items() if not _is_empty(item, name)}
    if isinstance(value, list):
        return [_plain(item, key) for item in value]
    return value


def _is_empty(value: Any, key: str) -> bool:
    return value is None or value in ({}, []) or (value == "" and key not in _TEXTS)


def _foreign(texts: Mapping[str, str] | None) -> dict[str, str]:
    """Annotations that do not tell of the deploying."""
    return {key: value for key, value in (texts or {}).items() if not key.startswith(RECORD_PREFIX)}


def _has(all_of: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(all_of.get(key) == value for key, value in wanted.items())
