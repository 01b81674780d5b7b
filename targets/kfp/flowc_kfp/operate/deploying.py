"""Letting the server hold a deployment: a pipeline, whose newest version of ours is what is deployed.

Versions never change, so a deploy adds one, whole, and the newest counts: two that deploy at once leave one of both. The description of
a version has the record; that of the pipeline says whose it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from compiler.backends.operating import Change, Deployment, NotThereError, Record, RefusedError, Release
from compiler.slotted_class import record
from flowc_kfp.operate.api import Api, ConflictError
from flowc_kfp.operate.texts import record_in, recorded

_DIGITS = 12
_KIND = "Pipeline"


@record
class Held:
    """A pipeline of ours: its own object, its newest version that we have deployed, with its record, and the newest of all."""

    pipeline: dict[str, Any]
    version: dict[str, Any] | None
    kept: Record | None
    newest: dict[str, Any] | None

    @property
    def by_hand(self) -> bool:
        """Whether somebody has added a newer version than ours."""
        times = [each.get("created_at") for each in (self.version, self.newest) if each is not None]
        return len(set(times)) > 1 or (self.version is None and self.newest is not None)

    @property
    def id(self) -> str:
        """The server's id of the pipeline."""
        return str(self.pipeline["pipeline_id"])

    def holds(self, release: Release) -> bool:
        """Whether there is nothing to deploy: the newest version is this release."""
        return self.kept is not None and self.kept.digest == release.record.digest and not self.by_hand


def name_of(pipeline: Mapping[str, Any]) -> str:
    """The name of a pipeline or a version; back ends before 2.15 call it its display name."""
    return str(pipeline.get("name") or pipeline.get("display_name") or "")


def is_ours(pipeline: dict[str, Any]) -> bool:
    """Whether flowc has made a pipeline."""
    return record_in(pipeline.get("description")) is not None


def held(api: Api, pipeline: dict[str, Any]) -> Held:
    """What is deployed as a pipeline. The server keeps seconds: of our versions of one second it is that of the last name."""
    ours: list[tuple[dict[str, Any], Record]] = []
    newest = None
    for version in api.versions(str(pipeline["pipeline_id"])):
        newest = newest or version
        if ours and version.get("created_at") != ours[0][0].get("created_at"):
            break
        if found := record_in(version.get("description")):
            ours.append((version, found))
    if not ours:
        return Held(pipeline, None, None, newest)
    own = name_of(pipeline)  # that of the first version
    return Held(pipeline, *max(ours, key=lambda each: (name_of(each[0]) != own, name_of(each[0]))), newest)


def found(api: Api, name: str) -> Held:
    """The deployment of a name. Raises NotThereError where there is none of ours."""
    pipeline = api.pipeline_named(name) if name else None
    if pipeline is None:
        raise NotThereError(f"there is no deployment {name} on {api.where}: `flowc kfp list` has those that are there")
    if not is_ours(pipeline):
        raise NotThereError(f"the pipeline {name} is not one of flowc's: give another name")
    return held(api, pipeline)


def deployments(api: Api) -> Iterator[Held]:
    """All of ours, by name."""
    for pipeline in sorted(filter(is_ours, api.pipelines()), key=name_of):
        yield held(api, pipeline)


def told(api: Api, there: Held) -> Deployment:
    """A deployment as the commands tell it. The server keeps no list of its parameters but as prose."""
    problem = ""
    if there.version is None:
        problem = "it has no version that flowc has deployed: deploy it again"
    elif there.by_hand:
        problem = "somebody has added a newer version by hand: runs begin with ours, and `flowc kfp deploy` makes it the newest"
    page = api.page(f"pipelines/details/{there.id}")
    return Deployment(name_of(there.pipeline), there.kept, problem=problem, url=page, tells_parameters=False)


def changes(api: Api, release: Release) -> tuple[Change, ...]:
    """What deploying would do."""
    new, pipeline = _shown(_documents(release)), api.pipeline_named(release.name)
    if pipeline is None:
        return (Change(_KIND, release.name, "new", new=new),)
    if not is_ours(pipeline):
        return (Change(_KIND, release.name, "foreign", new=new),)
    there = held(api, pipeline)
    seen = there.newest if there.by_hand else there.version
    old = _shown(_parts(seen.get("pipeline_spec"))) if seen else ""
    state = Change(_KIND, release.name, "unchanged", old, new)
    return (state,) if there.holds(release) else (Change(_KIND, release.name, "changed", old, new, there.by_hand),)


def deploy(api: Api, release: Release, tell: Callable[[str], None]) -> None:
    """Add a version where the newest is another one; a pipeline, too, where there is none. Raises RefusedError for a foreign one."""
    (change,) = changes(api, release)
    if change.state == "foreign":
        raise RefusedError(
            f"the pipeline {release.name} is there and not of flowc: give another name with --name, or remove it"
        )
    if change.state == "unchanged":
        return
    tell(f"{change.state}: {_KIND} {release.name}")
    text, told_of = release.files[0].text, recorded(release.record)
    if change.state == "new":
        try:
            api.upload(release.name, text, told_of)
        except ConflictError:
            tell(f"somebody else deploys {release.name} at the same time: looking again")
        else:
            return
    there = found(api, release.name)
    if there.holds(release):
        return
    now = time.time_ns() // 1_000_000
    stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(now / 1000)) + f"{now % 1000:03}"
    api.upload_version(there.id, f"{stamp}-{release.record.digest[:_DIGITS]}", text, told_of)


def delete(api: Api, name: str) -> None:
    """Remove a pipeline with all its versions; runs stay. Raises NotThereError."""
    there = found(api, name)
    for version in list(api.versions(there.id)):
        api.delete_version(there.id, str(version["pipeline_version_id"]))
    api.delete_pipeline(there.id)


def _documents(release: Release) -> list[Any]:
    import yaml  # noqa: PLC0415 - only deploying reads

    return list(yaml.safe_load_all(release.files[0].text))


def _parts(spec: object) -> list[Any]:
    """What the server has of a version, as the documents that it was made of."""
    if isinstance(spec, dict) and "pipeline_spec" in spec:
        return [spec["pipeline_spec"], *filter(None, [spec.get("platform_spec")])]
    return [spec]


def _shown(documents: list[Any]) -> str:
    """Documents as text that can be compared, whatever the order of their keys."""
    import yaml  # noqa: PLC0415 - only deploying writes

    return yaml.safe_dump_all(documents, sort_keys=True, allow_unicode=True, width=1000)
