"""Which run of the server belongs to which run and task here: made once, and kept in the store, where a conditional put decides.

Below `<run>/_mlflow/<server>/` lie `run`, and an object for each task. Whoever comes second takes what the first has put there, and deletes
what it has made itself. A process that was killed between both is followed by one that looks for what it has made by its tag.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence

from flowc.artifacts.address import RunAddress, TaskAddress, escape
from flowc.named_tuple import NamedTuple
from flowc.store.protocol import MissingError, Store
from flowc.tracking.facts import PATHSPEC, tags
from flowc.tracking.server import Server, TrackingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MISSING, _THERE = "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS"


class Logged(NamedTuple):
    """A run of the server: its id, and its experiment's."""

    experiment: str
    run: str


class Made(NamedTuple):
    """What a new run of the server is told at once. `again`: an earlier process may have made it."""

    name: str
    started: float
    tags: Mapping[str, str]
    again: bool


class Places:
    """Where the store keeps which run of a server is which."""

    def __init__(self, store: Store, run: RunAddress, uri: str) -> None:
        self.store = store
        self._folder = f"{run.folder}/_mlflow/{zlib.crc32(uri.encode()):08x}"

    @property
    def of_run(self) -> str:
        """The key of the run."""
        return f"{self._folder}/run"

    def of_task(self, address: TaskAddress) -> str:
        """The key of a task, which all of its iterations share."""
        return f"{self._folder}/{escape(address.step)}/{address.index}"

    def read(self, key: str) -> Logged | None:
        """What is kept there; None where nothing is."""
        try:
            return Logged(*json.loads(self.store.get(key).data))
        except MissingError:
            return None

    def keep(self, server: Server, key: str, made: Logged) -> Logged:
        """Keep it; where another is there already that one counts, and this one is deleted."""
        if self.store.create(key, json.dumps(made).encode()):
            return made
        there = self.read(key)
        if there is None or there == made:
            return made
        server.post("runs/delete", {"run_id": made.run})
        return there


def experiment_of(server: Server, name: str) -> str:
    """The id of the experiment of that name, which is made where there is none. Raises TrackingError."""
    try:
        return _found(server, name)
    except TrackingError as error:
        if error.code != _MISSING:
            raise
    try:
        return str(server.post("experiments/create", {"name": name})["experiment_id"])
    except TrackingError as error:
        if error.code != _THERE:
            raise
        return _found(server, name)  # another run was faster


def _found(server: Server, name: str) -> str:
    found = server.get("experiments/get-by-name", "experiment_name", name)["experiment"]
    if found.get("lifecycle_stage") == "deleted":
        raise TrackingError(f"its experiment {name!r} was deleted: restore it, or name another", is_setup=True)
    return str(found["experiment_id"])


def made_run(server: Server, experiment: str, made: Made) -> Logged:
    """A new run of the server, or the one that an earlier process has made: a tag tells it from all others."""
    earlier = _searched(server, experiment, made.tags[PATHSPEC]) if made.again else None
    if earlier:
        return Logged(experiment, earlier)
    told = {
        "experiment_id": experiment,
        "run_name": made.name,
        "user_id": made.tags["mlflow.user"],
        "start_time": int(made.started * 1000),
        "tags": tags(made.tags),
    }
    return Logged(experiment, str(server.post("runs/create", told)["run"]["info"]["run_id"]))


def _searched(server: Server, experiment: str, value: str) -> str:
    if "'" in value and '"' in value:  # what the server's language of filters cannot say
        return ""
    quote = "'" if "'" not in value else '"'
    told = {"experiment_ids": [experiment], "filter": f"tags.`{PATHSPEC}` = {quote}{value}{quote}", "max_results": 1}
    found: Sequence[Any] = server.post("runs/search", told).get("runs") or ()
    return str(found[0]["info"]["run_id"]) if found else ""


def log(server: Server, run: str, **told: Sequence[Mapping[str, Any]]) -> None:
    """Metrics, parameters and tags of a run: nothing is asked where there are none."""
    given = {key: list(value) for key, value in told.items() if value}
    if given:
        server.post("runs/log-batch", {"run_id": run, **given})


def update(server: Server, run: str, status: str, ended: float | None = None) -> None:
    """How a run stands; the time of its end in seconds since 1970."""
    end = {} if ended is None else {"end_time": int(ended * 1000)}
    server.post("runs/update", {"run_id": run, "status": status, **end})
