"""Letting a namespace hold a deployment: what would change, and doing it so that two who do it at once leave one of both, whole.

Each writes all of its objects and then looks again: whoever writes last sees a mixture, if there is one, and writes once more.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence

from compiler.backends.argo.operate.api.protocol import (
    CRON,
    DEPLOYED,
    RIGHTS,
    SENSOR,
    SOURCE,
    TEMPLATE,
    AbsentError,
    Api,
    ConflictError,
    ForbiddenError,
    Kind,
    Object,
)
from compiler.backends.argo.operate.parts import (
    DEPLOYMENT,
    MARK,
    OURS,
    Part,
    as_it_sleeps,
    belongs,
    body,
    digest,
    is_by_hand,
    is_same,
    parts,
    record_in,
    shown,
    with_state,
)
from compiler.backends.operating import Change, EngineError, RefusedError, Release
from compiler.slotted_class import record

_ROUNDS = 6
"""How often a deploy begins anew because of another one."""

_VALID = 15.0
"""Seconds in which a controller has looked at what it was given."""

_LOOK = 0.5


@record
class Seen:
    """A part and the object of its name, where there is one."""

    part: Part
    live: Object | None
    change: Change


def changes(api: Api, release: Release) -> tuple[Change, ...]:
    """What deploying would do, object by object."""
    wanted = _wanted(api, release)
    gone = (_gone(kind, live) for kind, live in _stale(api, release.name, wanted))
    return (*(seen.change for seen in _look(api, release.name, wanted)), *gone)


def deploy(api: Api, release: Release, tell: Callable[[str], None]) -> None:
    """Write what differs, remove what is gone, and look again until all is of one deploy."""
    wanted = _wanted(api, release)
    for round_ in range(_ROUNDS):
        try:
            _write(api, release, wanted, tell)
        except ConflictError:
            tell(f"somebody else changes {release.name} at the same time: looking again")
        else:
            if not _is_mixed(api, release, wanted):
                return
            tell(f"another deploy of {release.name} is at work: looking again")
        time.sleep(random.uniform(0.05, 0.2) * (round_ + 1))
    raise EngineError(f"{release.name} is being changed by somebody else all the time: deploy it when that is over")


def delete(api: Api, name: str) -> bool:
    """Remove all objects of a deployment, what starts it first; False where there was none."""
    found = list(_stale(api, name, ()))
    for kind, live in sorted(found, key=lambda each: -DEPLOYED.index(each[0])):
        _remove(api, kind, live)
    return bool(found)


def wait(api: Api, name: str, tell: Callable[[str], None]) -> None:
    """Wait, within bounds, until the controllers have judged what starts a deployment. Raises RefusedError with what they say."""
    waiting = [(kind, live) for kind in (CRON, SOURCE, SENSOR) for live in owned(api, kind, name)]
    until = time.monotonic() + _VALID
    told = False
    while waiting and time.monotonic() < until:
        for kind, live in waiting:
            said = problem(kind, live)
            if said:
                raise RefusedError(f"{kind.name} {live['metadata']['name']}: {said}")
        waiting = [(kind, live) for kind, live in waiting if not _is_judged(kind, live)]
        if waiting:
            if not told:
                tell(
                    "waiting until "
                    + ", ".join(f"{kind.name} {live['metadata']['name']}" for kind, live in waiting)
                    + " is ready"
                )
            told = True
            time.sleep(_LOOK)
            waiting = [(kind, api.get(kind, str(live["metadata"]["name"]))) for kind, live in waiting]
    for kind, live in waiting:
        tell(f"{kind.name} {live['metadata']['name']}: the controller has not said that it is ready; is it running?")


def owned(api: Api, kind: Kind, name: str) -> list[Object]:
    """The objects of a kind that belong to a deployment; none where the cluster has no such kind, or their listing is not permitted."""
    if kind in RIGHTS and not api.has_rights:
        return []
    try:
        found = api.find(kind, f"{DEPLOYMENT}={name}")
        if kind not in RIGHTS:
            found += [tree for tree in api.find(kind, f"{MARK}={OURS},!{DEPLOYMENT}") if belongs(kind, tree, name)]
    except AbsentError:
        return []  # Argo Events is not installed
    except ForbiddenError:
        if kind in (TEMPLATE, CRON):
            raise
        return []
    return [tree for tree in found if not _goes(tree)]


def _goes(tree: Object) -> bool:
    """Whether an object is being deleted: one whose dependents are to stay is there until each of them has been let go."""
    return "deletionTimestamp" in tree["metadata"]


def problem(kind: Kind, live: Object) -> str:
    """What a controller says is wrong with an object; empty where it says nothing."""
    for condition in (live.get("status") or {}).get("conditions") or ():
        kind_of, status, said = (str(condition.get(key, "")) for key in ("type", "status", "message"))
        is_wrong = status == "True" and kind_of.endswith("Error") if kind == CRON else status == "False" and said
        if is_wrong:
            return said or kind_of
    return ""


def _is_judged(kind: Kind, live: Object) -> bool:
    """A CronWorkflow says only what is wrong, at once; the others have conditions that become true."""
    if kind == CRON:
        return True
    conditions = (live.get("status") or {}).get("conditions") or ()
    return bool(conditions) and all(condition.get("status") == "True" for condition in conditions)


def _wanted(api: Api, release: Release) -> tuple[Part, ...]:
    wanted = parts(release)
    for part in wanted:
        place = part.document["metadata"].get("namespace")
        if place is not None and place != api.namespace:
            raise RefusedError(
                f"{part.kind.name} {part.name} is made for the namespace {place}, and this is {api.namespace}: give --namespace {place}"
            )
        if part.kind in RIGHTS and not api.has_rights:
            raise RefusedError(
                f"Argo Server cannot make the {part.kind.name} {part.name}: deploy by a kubeconfig, "
                f"or let `rbac` be and name a `service_account`"
            )
    return wanted


def _look(api: Api, name: str, wanted: Sequence[Part]) -> Iterator[Seen]:
    for part in wanted:
        try:
            live = _staying(api, part)
        except AbsentError:
            yield Seen(part, None, Change(part.kind.name, part.name, "new", new=shown(part.document, part.document)))
            continue
        yield Seen(part, live, _compared(part, live, name))


def _staying(api: Api, part: Part) -> Object:
    """The object of a part; one that is being deleted is waited for. Raises AbsentError where there is none."""
    until = time.monotonic() + _VALID
    live = api.get(part.kind, part.name)
    while _goes(live):
        if time.monotonic() > until:
            raise EngineError(
                f"{part.kind.name} {part.name} is being deleted, and does not go: look at its finalizers, then deploy again"
            )
        time.sleep(_LOOK)
        live = api.get(part.kind, part.name)
    return live


def _compared(part: Part, live: Object, name: str) -> Change:
    old, new = shown(live, part.document), shown(part.document, part.document)
    if not belongs(part.kind, live, name):
        return Change(part.kind.name, part.name, "foreign", old, new)
    by_hand = is_by_hand(part, live)
    if is_same(part, live):
        return Change(part.kind.name, part.name, "unchanged", old, new)
    return Change(part.kind.name, part.name, "changed", old, new, by_hand)


def _stale(api: Api, name: str, wanted: Sequence[Part]) -> Iterator[tuple[Kind, Object]]:
    """The objects of a deployment that no file makes any more."""
    there = {(part.kind, part.name) for part in wanted}
    for kind in DEPLOYED:
        for live in owned(api, kind, name):
            if (kind, live["metadata"]["name"]) not in there:
                yield kind, live


def _gone(kind: Kind, live: Object) -> Change:
    return Change(kind.name, str(live["metadata"]["name"]), "gone", old=shown(live, live))


def _write(api: Api, release: Release, wanted: Sequence[Part], tell: Callable[[str], None]) -> None:
    seen = list(_look(api, release.name, wanted))
    foreign = [each.change for each in seen if each.change.state == "foreign"]
    if foreign:
        raise RefusedError(
            f"{foreign[0].kind} {foreign[0].name} is there and not of this deployment: give another name with --name, or remove it"
        )
    for each in seen:
        if each.change.state != "unchanged" and each.part.kind == TEMPLATE:
            api.lint(each.part.document)
    for each in seen:
        record = record_in(each.live) if each.live else None
        if each.change.state == "unchanged" and record is not None and record.digest == release.record.digest:
            continue
        tell(f"{each.change.state}: {each.part.kind.name} {each.part.name}")
        _apply(api, each.part, each.live)
    for kind, live in _stale(api, release.name, wanted):
        tell(f"gone: {kind.name} {live['metadata']['name']}")
        _remove(api, kind, live)


def _apply(api: Api, part: Part, live: Object | None) -> None:
    """Write an object; what somebody else has put into it goes, and what the server itself adds is remembered."""
    document = with_state(part)
    made = api.apply(part.kind, as_it_sleeps(document, live) if live else document, live)
    extra = _surplus(body(made), body(part.document))
    if extra and api.applies:
        made = api.merge(part.kind, part.name, extra, made)
    left = digest(body(made))
    if left != part.digest:
        state = with_state(part, left)["metadata"]["annotations"]
        api.merge(part.kind, part.name, {"metadata": {"annotations": state}}, made)


def _surplus(found: Object, wanted: Object) -> Object:
    """The merge patch that takes out of one tree what the other does not have."""
    patch: Object = {}
    for key, value in found.items():
        if key not in wanted:
            patch[key] = None
        elif isinstance(value, dict) and isinstance(wanted[key], dict):
            deeper = _surplus(value, wanted[key])
            if deeper:
                patch[key] = deeper
        elif value != wanted[key]:
            patch[key] = wanted[key]
    return patch


def _remove(api: Api, kind: Kind, live: Object) -> None:
    """Runs are owned by the cron that has started them, and stay."""
    api.delete(kind, str(live["metadata"]["name"]), orphans=kind == CRON)


def _is_mixed(api: Api, release: Release, wanted: Sequence[Part]) -> bool:
    """Whether some of what is there is ours, and some of another deploy's."""
    digests: set[str | None] = set()
    for part in wanted:
        try:
            found = record_in(api.get(part.kind, part.name))
        except AbsentError:
            found = None
        digests.add(found.digest if found else None)
    names = {(part.kind, part.name) for part in wanted}
    for kind in (CRON, SOURCE, SENSOR):
        for live in owned(api, kind, release.name):
            if (kind, live["metadata"]["name"]) not in names:
                digests.add(None)
    return release.record.digest in digests and len(digests) > 1
