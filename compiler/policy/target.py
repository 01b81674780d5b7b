"""What a policy asks of a flow on one target: its images, tags, owner, the target itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from compiler.backends import Backend, Options
from compiler.backends.command import flow_image, images, own_image
from compiler.backends.fields import mapping, names
from compiler.backends.targets import ALIASES
from compiler.ir.flow import Span, Value
from compiler.ir.plan import Plan
from compiler.policy import findings
from compiler.policy.held import Held
from compiler.policy.patterns import matches
from compiler.policy.steps import NOTHING, check_sizes
from compiler.policy.table import Demand
from compiler.slotted_class import record


@record
class Image:
    """An image that containers of a flow run in: whose, where that is said, and how another one is named."""

    name: str
    subject: str
    span: Span
    cure: str


_CURE = "say `registry` or `image` in `[tool.flowc]`, or in the table of the target"
_UNKNOWN_DIGEST = r":0{12}(?=\Z|-)"
"""What `check`, which packs nothing, has in place of the digest in the tag of an image."""


def check_own_images(plan: Plan, held: Held) -> None:
    """Report the images that the author names, which need no target."""
    steps = plan.flow.steps.values()
    whose = {each.span_of("image"): f"`{step.name}`" for step in steps for each in step.decorators if each.get("image")}
    for name, span in images(plan):
        _check_image(Image(name, whose.get(span, "an exit hook"), span, "name another image, or none"), held)


def check_target(plan: Plan, backend: Backend, options: Options, held: Held) -> None:
    """Report what the flow breaks on a target, by the settings for it."""
    _check_forbidden(plan, backend, held)
    check_sizes(plan, held, getattr(backend, "default_resources", NOTHING), backend.name)
    if has_containers(options):
        for image in _images(plan, options):
            _check_image(image, held)
    tags = tags_of(backend, options)
    _check_tags(plan, backend, tags, held)
    _check_owner(plan, backend, options, tags, held)
    demand = held.asks("catchup")
    if demand and plan.schedule and options.target.get("catchup") is True:
        held.broken(demand, findings.CATCHUP_FORBIDDEN, plan.schedule.span, target=backend.name)


def _check_forbidden(plan: Plan, backend: Backend, held: Held) -> None:
    demand = held.asks("forbidden_targets")
    if demand and backend.name in [ALIASES.get(name, name) for name in demand.texts]:
        held.broken(demand, findings.TARGET_FORBIDDEN, plan.flow.span, target=backend.name)


def has_containers(options: Options) -> bool:
    """Whether a step's image is ever asked for: on Airflow, `operator = "bash"` runs steps where the worker is."""
    return options.target.get("operator") != "bash"


def _images(plan: Plan, options: Options) -> Iterator[Image]:
    """The images that the settings or flowc name: a step's own, and once the one of all the others."""
    shared = False
    for task in plan.root.tasks():
        own = own_image(task, options)
        shared = shared or own is None
        if own is not None and own != task.image:
            cure = "name another one in `[tool.flowc.images]`"
            yield Image(own, f"`{task.step}`", task.span, cure if own in options.images.values() else _CURE)
    if shared or any(hook.image is None for hook in plan.hooks):
        yield Image(flow_image(options), "the flow", plan.flow.span, _CURE)


def _check_image(image: Image, held: Held) -> None:
    facts = {"subject": image.subject, "image": re.sub(_UNKNOWN_DIGEST, ":<digest>", image.name), "cure": image.cure}
    demand = held.asks("images")
    if demand and not matches(demand.texts, image.name):
        held.broken(demand, findings.IMAGE_NOT_ALLOWED, image.span, allowed=_listed(demand), **facts)
    demand, registry = held.asks("registries"), registry_of(image.name)
    if demand and not matches(map(str.lower, demand.texts), registry):
        more = {"registry": registry, "allowed": _listed(demand)}
        held.broken(demand, findings.REGISTRY_NOT_ALLOWED, image.span, **facts, **more)


def registry_of(image: str) -> str:
    """The host that an image is pulled from, as containers' runtimes read its name; `docker.io` where it says none."""
    host, slash, _ = image.partition("/")
    is_host = slash and (set(".:") & set(host) or host.lower() == "localhost" or host != host.lower())
    return host.lower() if is_host else "docker.io"


def _listed(demand: Demand) -> str:
    return " or ".join(f"`{each}`" for each in demand.texts)


def tags_of(backend: Backend, options: Options) -> Mapping[str, str]:
    """The tags of what a target deploys, by name; labels on Argo. In a list `team:risk` and `team=risk` have a name and a value."""
    value = options.target.get(tag_key(backend), ())
    if isinstance(value, Mapping) or tag_key(backend) == "labels":
        return mapping(value)
    parts = (re.split("[:=]", text, maxsplit=1) for text in names(value))
    return {part[0].strip(): part[1].strip() if len(part) > 1 else "" for part in parts}


def tag_key(backend: Backend) -> str:
    """The key of the target's table that holds them."""
    return "tags" if "tags" in backend.target_options else "labels"


def _check_tags(plan: Plan, backend: Backend, tags: Mapping[str, str], held: Held) -> None:
    demand = held.asks("tags")
    for wanted in demand.texts if demand else ():
        assert demand
        name, equals, glob = wanted.partition("=")
        value = tags.get(name)
        if value is None or (equals and not (value and matches((glob,), value))):
            found = f"no tag `{name}`" if value is None else f"the tag `{name}` with `{value}`"
            facts = {"target": backend.name, "found": found, "tag": wanted, "key": tag_key(backend)}
            held.broken(demand, findings.TAG_REQUIRED, plan.flow.span, **facts)


def _check_owner(plan: Plan, backend: Backend, options: Options, tags: Mapping[str, str], held: Held) -> None:
    demand = held.asks("owner")
    owner = owner_of(options, tags)
    if demand and not (owner and matches(demand.texts, owner)):
        has_key = "owner" in backend.target_options
        cure = 'owner = "…"' if has_key else tag_key(backend) + ' = { owner = "…" }'
        wanted = "one" if demand.texts == ("*",) else _listed(demand)
        found = f"the owner `{owner}`" if owner else "no owner"
        facts = {"target": backend.name, "found": found, "wanted": wanted, "cure": cure}
        held.broken(demand, findings.OWNER_REQUIRED, plan.flow.span, **facts)


def owner_of(options: Options, tags: Mapping[str, str]) -> str:
    """Who is said to own what is deployed; empty where nobody says."""
    arguments = options.target.get("default_args")
    more: Value = arguments.get("owner") if isinstance(arguments, Mapping) else None
    return next((said for said in (options.target.get("owner"), more, tags.get("owner")) if isinstance(said, str)), "")
