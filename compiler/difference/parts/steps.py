"""Single steps of two flows: what each asks for, and how it is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.diagnostics import clipped
from compiler.difference.part_changes import (
    DecoratorAdded,
    DecoratorRemoved,
    ImageChanged,
    OptionChanged,
    PackageAdded,
    PackageRemoved,
    PythonChanged,
    ResourceChanged,
    RetryChanged,
    SecretAdded,
    SecretRemoved,
    StepChange,
    StepDocChanged,
    TimeoutChanged,
    VariableAdded,
    VariableChanged,
    VariableRemoved,
)
from compiler.difference.values import LONGEST, hidden, masked, whole
from compiler.ir import needs, options
from compiler.ir.flow import Decorator, Dynamic, Flow, Step, Value
from compiler.ir.plan import Option, Packages, Resources, Retry, Secret

TOLD = frozenset(
    {
        "step", "retry", "timeout", "resources", "kubernetes", "batch", "environment", "secrets", "pypi", "conda",
        "pypi_base", "conda_base", "schedule", "project", "trigger", "trigger_on_finish", "exit_hook",
    }
)  # fmt: skip
"""Decorators whose every argument has a kind of change of its own; all others are compared as they are written."""

NOTHING = "nothing"


def step_changes(old: Step, new: Step) -> Iterator[StepChange]:
    """What is said beside the code and the graph of a step that both sides have."""
    name = new.name
    if old.doc != new.doc:
        yield StepDocChanged(name)
    retries = _retry(options.retry(old)), _retry(options.retry(new))
    if retries[0] != retries[1]:
        yield RetryChanged(name, *retries)
    limits = options.timeout(old), options.timeout(new)
    if limits[0] != limits[1]:
        yield TimeoutChanged(name, _seconds(limits[0]), _seconds(limits[1]))
    images = options.image(old), options.image(new)
    if images[0] != images[1]:
        yield ImageChanged(name, images[0] or "the flow's", images[1] or "the flow's")
    yield from _resources(name, options.resources(old), options.resources(new))
    yield from _environment(name, old, new)
    yield from _secrets(name, old, new)
    yield from option_changes(name, options.step_options(old), options.step_options(new))
    yield from decorator_changes(name, old.decorators, new.decorators)


def package_changes(where: str, old: Packages | None, new: Packages | None) -> Iterator[StepChange]:
    """Requirements of a step, or of the flow."""
    before, now = old or Packages((), (), None), new or Packages((), (), None)
    kept = [f"{kind}: {each}" for kind in ("pypi", "conda") for each in getattr(before, kind)]
    asked = [f"{kind}: {each}" for kind in ("pypi", "conda") for each in getattr(now, kind)]
    yield from (PackageAdded(where, each) for each in asked if each not in kept)
    yield from (PackageRemoved(where, each) for each in kept if each not in asked)
    if before.python != now.python:
        yield PythonChanged(where, before.python or "the image's", now.python or "the image's")


def own_packages(flow: Flow, step: Step) -> Packages | None:
    """What a step asks for; None where it is what the flow asks for anyway."""
    found = needs.step_packages(flow, step)
    return None if found == needs.flow_packages(flow) else found or Packages((), (), None)


def option_changes(where: str, old: tuple[Option, ...], new: tuple[Option, ...]) -> Iterator[StepChange]:
    """Options that only some targets spell; where one is given twice, all its values together."""
    before, now = _by_name(old), _by_name(new)
    for key in {**before, **now}:
        pair = before.get(key, NOTHING), now.get(key, NOTHING)
        if pair[0] != pair[1]:
            decorator, option = key
            yield OptionChanged(where, decorator, option, hidden(option, pair[0]), hidden(option, pair[1]))


def _by_name(found: tuple[Option, ...]) -> dict[tuple[str, str], str]:
    values: dict[tuple[str, str], list[str]] = {}
    for each in found:
        values.setdefault((each.decorator, each.name), []).append(whole(each.value))
    return {key: ", ".join(texts) for key, texts in values.items()}


def decorator_changes(where: str, old: tuple[Decorator, ...], new: tuple[Decorator, ...]) -> Iterator[StepChange]:
    """Decorators that nothing else tells of, as they are written."""
    before, now = ([each for each in side if each.name not in TOLD] for side in (old, new))
    kept, asked = list(map(_whole, before)), list(map(_whole, now))
    yield from (DecoratorAdded(where, written(each)) for each in now if _whole(each) not in kept)
    yield from (DecoratorRemoved(where, written(each)) for each in before if _whole(each) not in asked)
    if sorted(kept) == sorted(asked) and kept != asked:
        yield DecoratorAdded(where, clipped("in this order: " + " ".join(map(written, now)), LONGEST))
        yield DecoratorRemoved(where, clipped("in this order: " + " ".join(map(written, before)), LONGEST))


def written(decorator: Decorator) -> str:
    """A decorator as one writes it, without what is a secret by its name."""
    arguments = (f"{name}={masked(name, value)}" for name, value in decorator.arguments)
    return clipped(
        f"@{decorator.name}({', '.join(arguments)})" if decorator.arguments else f"@{decorator.name}", LONGEST
    )


def _whole(decorator: Decorator) -> str:
    """All that it says: what is compared."""
    return f"{decorator.name} {[(name, whole(value)) for name, value in decorator.arguments]}"


def _retry(retry: Retry | None) -> str:
    if retry is None:
        return "none"
    alone = ", for what happens to it alone" if retry.only_system else ""
    return f"{retry.times} times, {retry.pause:g} s between{alone}"


def _seconds(limit: float | None) -> str:
    return "none" if limit is None else f"{limit:g} s"


def _resources(step: str, old: Resources, new: Resources) -> Iterator[StepChange]:
    for name in Resources.__match_args__:
        before, now = getattr(old, name), getattr(new, name)
        if before != now:
            yield ResourceChanged(step, name.replace("_", " "), _size(before), _size(now))


def _size(value: float | None) -> str:
    return NOTHING if value is None else f"{value:g}"


def _environment(step: str, old: Step, new: Step) -> Iterator[StepChange]:
    before, now = _variables(old), _variables(new)
    for name in {**before, **now}:
        if name not in before:
            yield VariableAdded(step, name, hidden(name, now[name]))
        elif name not in now:
            yield VariableRemoved(step, name, hidden(name, before[name]))
        elif before[name] != now[name]:
            yield VariableChanged(step, name, hidden(name, before[name]), hidden(name, now[name]))


def _variables(step: Step) -> dict[str, str]:
    """Every variable with its value; where only run time knows which, the expression under the name `*`."""
    found: dict[str, str] = {}
    for decorator in step.decorators:
        if decorator.name == "environment":
            values: Value | Dynamic = decorator.get("vars")
            if isinstance(values, Mapping):
                found |= {name: whole(value) for name, value in values.items()}
            elif values is not None:
                found["*"] = whole(values)
    return found


def _secrets(step: str, old: Step, new: Step) -> Iterator[StepChange]:
    before, now = ([_secret(each) for each in needs.secrets(side)] for side in (old, new))
    yield from (SecretAdded(step, each) for each in now if each not in before)
    yield from (SecretRemoved(step, each) for each in before if each not in now)


def _secret(secret: Secret) -> str:
    """A secret by its name, with all that is said of how it is asked for: never what it holds."""
    facts = [f"{secret.kind}.{secret.name}" if secret.kind else secret.name]
    facts += [f"role {secret.role}"] if secret.role else []
    facts += [f"region {secret.region}"] if secret.region else []
    facts += ["as text"] if secret.as_text else []
    facts += [f"in {secret.variable}"] if secret.variable else []
    facts += ["may override"] if secret.override else []
    return ", ".join(facts)
