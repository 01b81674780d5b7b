"""Which runs `flowc gc` looks at, and which of them it keeps whatever their age."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowc.artifacts.address import RunAddress, created_key, created_prefix, escape, unescape
from flowc.artifacts.manifest import RunRecord, parse_run
from flowc.artifacts.pickling import opened
from flowc.client.walk import read_at_once
from flowc.store.protocol import DamagedError, MissingError, Store

from compiler.slotted_class import record


@record
class Rules:
    """What goes: runs older than so many seconds, but the newest ones of each flow. `only_failed`: but what has succeeded."""

    older_than: float
    keep_last: int
    only_failed: bool = False


@record
class Listing:
    """The runs of a flow, the newest first, and the folders of those that have succeeded.

    `stale` are keys of runs that are there no more, `damaged` the folders of runs whose record nobody can read.
    """

    flow: str
    runs: tuple[RunRecord, ...]
    successful: frozenset[str]
    stale: tuple[str, ...]
    damaged: frozenset[str]


def flows(store: Store) -> list[str]:
    """The flows that have anything in the store; one of a very long name only by its runs' records."""
    found = [unescape(name) for name in store.folders() if name[0] != "_"]
    return sorted(name for name in found if name)


def listing(store: Store, flow: str) -> Listing:
    """The runs of a flow by two listings and a read each."""
    keys = {is_good: list(store.list(created_prefix(flow, is_good))) for is_good in (False, True)}
    folders = sorted({_folder(key) for each in keys.values() for key in each})

    def one(folder: str) -> RunRecord | str | None:
        try:
            return parse_run(store.get(_record(flow, folder)).data)
        except DamagedError:
            return folder
        except MissingError:
            return None

    read = list(read_at_once(store, one, folders))
    found = [run for run in read if isinstance(run, RunRecord)]
    damaged = frozenset(folder for folder in read if isinstance(folder, str))
    good = {created_key(run.address, run.created, successful=True) for run in found} & set(keys[True])
    living = good | {created_key(run.address, run.created) for run in found}
    return Listing(
        flow,
        tuple(sorted(found, key=lambda run: (-run.created, run.run))),
        frozenset(_folder(key) for key in good),
        tuple(key for each in keys.values() for key in each if key not in living and _folder(key) not in damaged),
        damaged,
    )


def without_record(store: Store, found: Listing) -> Iterator[RunAddress]:
    """Folders of runs that have no record, or one that says that they are being deleted."""
    known = {escape(run.run) for run in found.runs} | found.damaged
    for folder in store.folders(f"{escape(found.flow)}/"):
        if folder[0] != "_" and folder not in known:
            name = _name(store, found.flow, folder)
            if name:
                yield RunAddress(found.flow, name)


def selected(listings: Iterable[Listing], wanted: Iterable[str], rules: Rules, now: float) -> list[RunRecord]:
    """The runs of the wanted flows that may go by their age, the oldest first; never what a run refers to that stays.

    `listings` are those of all flows: an event may have led from one to another.
    """
    going: list[RunRecord] = []
    staying: list[RunRecord] = []
    wanted = set(wanted)
    for each in listings:
        newest = _newest(each, rules.keep_last)
        for run in each.runs:
            is_old = now - run.created > rules.older_than
            is_spared = run.run in newest or (rules.only_failed and escape(run.run) in each.successful)
            (going if each.flow in wanted and is_old and not is_spared else staying).append(run)
    referred = {name for run in staying for name in references(run)}
    return sorted((run for run in going if (run.flow, run.run) not in referred), key=lambda run: run.created)


def references(run: RunRecord) -> Iterator[tuple[str, str]]:
    """The runs that a run's record names: those that started it (`current.trigger`), the one that it was resumed from."""
    if run.origin:
        yield run.flow, run.origin
    for event in run.trigger:
        if event.get("type") == "run":
            flow, _, rest = str(event.get("id", "")).partition("/")
            yield flow, rest.rsplit("/", 2)[0]


def _newest(found: Listing, count: int) -> frozenset[str]:
    """The newest runs, and the newest that have succeeded, so many of each; of each branch of a project."""
    kept: set[str] = set()
    counts: dict[tuple[str, bool], int] = {}
    for run in found.runs:
        for kind in {False, escape(run.run) in found.successful}:
            place = run.project, kind
            counts[place] = counts.get(place, 0) + 1
            if counts[place] <= count:
                kept.add(run.run)
    return frozenset(kept)


def _folder(key: str) -> str:
    return key.rpartition("/")[2].partition("~")[2]


def _record(flow: str, folder: str) -> str:
    return f"{escape(flow)}/{folder}/_run.json"


def _name(store: Store, flow: str, folder: str) -> str | None:
    """The run's name: where it is too long for a key only a record says it."""
    name = unescape(folder)
    if name is not None:
        return name
    try:
        fields = opened(store.get(_record(flow, folder)).data)
    except MissingError:
        return None
    return str(fields["run"]) if fields else None
