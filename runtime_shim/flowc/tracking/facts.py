"""What is told of runs and tasks, as MLflow takes it: tags, parameters, metrics; each of them short, whatever it is made of."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from flowc.artifacts.manifest import Stored
from flowc.artifacts.pickling import Packed
from flowc.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.artifacts.address import TaskAddress
    from flowc.artifacts.manifest import RunRecord

PATHSPEC = "flowc.pathspec"
"""The tag that tells a run of the server from all others: of a run `Flow/run`, of a task what the client takes."""

PARAMETER = 500
"""Characters of a parameter: what every server takes."""

MOST_METRICS, MOST_PARAMETERS = 1000, 100
"""How many of them a request may have."""

_TAG = 5000
"""Characters of a tag, which may have 8000 bytes of a database."""

_SMALL = 256
"""Bytes of the pickle of a number."""

_TARGETS = {"sfn": "step-functions"}
"""What a target is called whose runs are called otherwise."""


class Code(NamedTuple):
    """What code a task runs: the flow as it is named, a digest of the files, the commit where that is known."""

    source: str
    digest: str
    commit: str


def numbers(own: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, float]:
    """The numbers among what a step leaves: of `found`, its artifacts, those that it has set itself, whose values are in `own`."""
    return _numbers((name, own[name]) for name, each in found.items() if name in own and not isinstance(each, Stored))


def all_numbers(own: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, float]:
    """The numbers among all that a step leaves, with those that it carries on. Nothing large is read."""
    carried = (
        (name, each.manifest[name])
        for name, each in found.items()
        if isinstance(each, Stored) and _is_small_number(each.entry)
    )
    return {**_numbers(carried), **numbers(own, found)}


def _is_small_number(entry: Any) -> bool:
    is_number = entry.kind in ("int", "float") or entry.kind.startswith(("numpy.int", "numpy.uint", "numpy.float"))
    return isinstance(entry, Packed) and entry.size <= _SMALL and is_number


def _numbers(items: Iterable[tuple[str, Any]]) -> dict[str, float]:
    found = ((name, number_of(value)) for name, value in items)
    return {name: number for name, number in found if number is not None}


def number_of(value: Any) -> float | None:
    """An int or a float, also one of numpy's; None for what is none, truth values among them, and for an int that no float can be."""
    kind = type(value)
    if kind.__module__ == "numpy" and isinstance(value, sys.modules["numpy"].number) and kind.__name__[:7] != "complex":
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return (
            int.__float__(value) if isinstance(value, int) else float.__float__(value)
        )  # whatever a class of its own says
    except OverflowError:
        return None


def metrics(values: Mapping[str, float], moment: float, step: int) -> list[dict[str, Any]]:
    """Metrics of a request, for a time in seconds since 1970; what is no finite number is a word of JSON's protobuf form."""
    return [
        {"key": name, "value": _value(value), "timestamp": int(moment * 1000), "step": step}
        for name, value in values.items()
    ]


def _value(value: float) -> float | str:
    if value != value:  # noqa: PLR0124 - not a number
        return "NaN"
    return {float("inf"): "Infinity", float("-inf"): "-Infinity"}.get(value, value)


def parameters(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Parameters of a request."""
    return [{"key": name, "value": short(value)} for name, value in values.items()]


def short(value: Any) -> str:
    """A value on at most 500 characters; of a large one only its beginning is looked at."""
    if not isinstance(value, str):
        import reprlib

        limits = reprlib.Repr()
        limits.maxdict = limits.maxlist = limits.maxtuple = limits.maxset = limits.maxfrozenset = limits.maxdeque = 20
        limits.maxstring = limits.maxother = limits.maxlong = PARAMETER
        value = limits.repr(value)
    return _cut(value, PARAMETER)


def _cut(text: str, most: int) -> str:
    """The text, cut where it is too long, as any database keeps it: without NUL and halves of pairs."""
    text = text if len(text) <= most else f"{text[: most - 3]}..."
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def tags(found: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags of a request: those that say something."""
    return [{"key": key, "value": _cut(value, _TAG)} for key, value in found.items() if value]


def tags_of_run(record: RunRecord, code: Code) -> dict[str, str]:
    """What a run is, by MLflow's own names where it has one."""
    path = f"{record.flow}/{record.run}"
    return {
        **_source(record.user, record.run, code),
        "flowc.flow": record.flow,
        PATHSPEC: path,
        "flowc.run": record.run,
        "flowc.target": target_of(record.run),
        "flowc.project": record.project,
        "flowc.resumed_from": record.origin,
        "flowc.tags": ", ".join(record.tags),
        "flowc.open": f"flowc open {_word(path)}",
        "mlflow.note.content": _note(path, f"flowc open {_word(path)}", f"flowc status {_word(path)}"),
    }


def tags_of_task(address: TaskAddress, user: str, code: Code, has_cards: bool) -> dict[str, str]:
    """What a task is."""
    words = (address.flow, address.run, address.step, *([] if address.index == "-" else [address.index]))
    path = _word("/".join(words))
    card = f"flowc card view {path}" if has_cards else ""
    return {
        **_source(user, address.run, code),
        "flowc.flow": address.flow,
        "flowc.run": address.run,
        "flowc.target": target_of(address.run),
        "flowc.step": address.step,
        "flowc.index": address.index,
        PATHSPEC: str(address),
        "flowc.card": card,
        "flowc.open": f"flowc open {_word(f'{address.flow}/{address.run}')}",
        "mlflow.note.content": _note(str(address), f"flowc logs {path}", f"flowc inspect {path}", card),
    }


def _note(title: str, *commands: str) -> str:
    """What MLflow's page shows as the description: Markdown, in which names are code and nothing else."""
    fence = "~~~~~~"
    return "\n".join((fence, title, fence, "", fence, *filter(None, commands), fence))


def target_of(run: str) -> str:
    """Whose run it is, by the beginning of its name."""
    word = run.partition("-")[0]
    return _TARGETS.get(word, word)


def _word(text: str) -> str:
    """A text as a word of a shell."""
    import shlex

    return shlex.quote(text)


def _source(user: str, run: str, code: Code) -> dict[str, str]:
    return {
        "mlflow.user": user,
        "mlflow.source.name": code.source,
        "mlflow.source.type": "LOCAL" if run.startswith("local-") else "JOB",
        "mlflow.source.git.commit": code.commit,
        "flowc.code": code.digest,
    }
