"""The one command that every target runs in a step's container, and how user text travels with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from compiler.backends import Options
from compiler.backends.names import within
from compiler.ir.flow import Config, Dynamic, Parameter, Span, Value
from compiler.ir.plan import (
    Begin,
    Enter,
    EventTrigger,
    FlowTrigger,
    Follow,
    Gather,
    Hook,
    Load,
    Loads,
    Merge,
    Plan,
    Resources,
    Task,
    Trigger,
)

_UNSAFE = r"[{}$%#\\`'\"]|\.(sh|bash)$|[^\x20-\x7e]|Ref::|^$"
"""What some engine or kubelet rewrites; Batch drops variables that are empty."""


_LONGEST_TAG = 128
"""Characters of an image's tag."""


def argv(task: Task, *, run: str, index: str, retry: str, owner: str = "", parameters: str = "") -> tuple[str, ...]:
    """The command of one task; `run`, `index`, `retry`, `owner` and `parameters` are the target's own placeholders.

    `owner` and `parameters` belong to the first step alone.
    """
    words = ("python", "-m", "flowc", "step", step_word(task), "--run", run, "--index", index, "--retry", retry)
    if isinstance(task.loads, Begin):
        return (*words, "--owner", owner, "--parameters", parameters)
    return (*words, "--load", loads_text(task.loads))


def members_argv(splits: tuple[Task, ...], containers: Mapping[str, Task], *, run: str) -> tuple[str, ...]:
    """The command that tells the members of a foreach within others, whose splits are `splits` from the outside in.

    For engines on which a task of many cannot say how wide its foreach is; `containers` as `ways_text` takes them.
    """
    levels = []
    for split in splits:
        ways = ways_text(split, containers)
        levels.append(f"{split.steps[-1].step}?{ways}" if ways else split.steps[-1].step)
    portion = f"/{splits[-1].counts_by}" if splits[-1].counts_by > 1 else ""
    return ("python", "-m", "flowc", "members", ">".join(levels) + portion, "--run", run)


def ways_text(task: Task, containers: Mapping[str, Task]) -> str:
    """How `--when` says which cases of switches lead to a task; empty where it runs whenever its level does.

    `containers`: all of the plan, by their first steps. For engines that start every task, which then may have nothing to do.
    `sw=0.2,other=1;other:sw=1` names the ways to a switch, too; `flowc.task.ways` reads it back.
    """
    texts = [_ways_text(task, containers)] if task.ways else []
    waiting, told = list(task.ways), set[str]()
    for edge in waiting:
        switch = containers[edge.node]
        if switch.ways and edge.node not in told:
            told.add(edge.node)
            texts.append(f"{switch.steps[-1].step}:{_ways_text(switch, containers)}")
            waiting.extend(switch.ways)
    return ";".join(texts)


def _ways_text(task: Task, containers: Mapping[str, Task]) -> str:
    """A switch ends its container, so its name is that of the last step there."""
    return ",".join(f"{containers[edge.node].steps[-1].step}={'.'.join(map(str, edge.cases))}" for edge in task.ways)


def hook_argv(hook: Hook, *, run: str) -> tuple[str, ...]:
    """The command of an exit hook; `run` is the target's own placeholder."""
    return ("python", "-m", "flowc", "hook", hook.function, "--run", run, "--status", hook.on)


def own_image(task: Task, options: Options) -> str | None:
    """The image of a step whose image is not the flow's: what the author or the settings name, or the one with its packages."""
    named = task.named_image(options.images)
    return named or (variant_image(options.default_image, task.variant) if task.variant else None)


def images(plan: Plan) -> Iterator[tuple[str, Span]]:
    """The images that the author names for steps and exit hooks, and where."""
    for task in plan.root.tasks():
        if task.image:
            decorators = plan.flow.steps[task.step].decorators
            named = (each.span_of("image") for each in decorators if each.get("image") == task.image)
            yield task.image, next(named, task.span)
    yield from ((hook.image, hook.span) for hook in plan.hooks if hook.image)


def variant_image(image: str, variant: str) -> str:
    """The image that holds the packages of the step of that name and not those of the flow."""
    name, colon, tag = image.rpartition(":")
    # what follows a registry's port is no tag
    return name + colon + within(f"{tag}-{variant}", _LONGEST_TAG) if "/" not in tag else f"{image}-{variant}"


def flow_image(options: Options) -> str:
    """The image of every other step."""
    return options.image or options.default_image


def trigger_facts(trigger: Trigger) -> dict[str, object]:
    """What the first step is told of a trigger beside what the event itself brings: `flowc.container.trigger_events` reads it."""
    match trigger:
        case EventTrigger(event=event, parameters=parameters):
            return {"name": event, "type": "event", "parameters": dict(parameters)}
        case FlowTrigger(deployment=deployment):
            return {"name": f"metaflow.{deployment}.end", "type": "run"}


def hook_task(hook: Hook) -> Task:
    """What its container is: one that asks for nothing, so that whatever describes a step's container describes this one."""
    return Task(
        step="exit_hook",
        after=(),
        prerequisites=(),
        loads=Begin(),
        depth=0,
        reports=None,
        is_end=False,
        retry=None,
        timeout=None,
        catch=False,
        image=hook.image,
        resources=Resources(),
        environment=(),
        options=(),
        doc=None,
        span=hook.span,
    )


def step_word(task: Task) -> str:
    """How the argv names what a container does; `flowc.grouping.step_words` reads it back.

    `loop~` is a step that repeats, whose iterations the shim runs in the one task; `fit+score` are two tasks, one after the other;
    `fit*16` is sixteen members of a foreach, `fit*16:4` four of them at once; `start/16` reports its width in sixteens.
    """
    word = "+".join(f"{each.step}~" if each.repeats else each.step for each in task.steps)
    if task.chunk:
        word += f"*{task.chunk.size}" + (f":{task.chunk.workers}" if task.chunk.workers > 1 else "")
    return word if task.counts_by == 1 else f"{word}/{task.counts_by}"


def environment(plan: Plan, options: Options, report: str) -> dict[str, str]:
    """The variables that all steps share; `report` is where the shim tells the engine (`json:…`, `dir:…`, `stdout:`)."""
    shared = {"FLOWC_FLOW": inert_text(f"{plan.flow.path}:{plan.flow.name}"), "FLOWC_REPORT": report}
    if options.store:
        shared["FLOWC_STORE"] = options.store
    if options.code:
        shared["FLOWC_CODE"] = options.code
    if plan.project:
        shared["FLOWC_PROJECT"] = f"{plan.project.name}.{plan.project.branch}"
    if options.same_code:
        shared["FLOWC_SAME_CODE"] = "1"
    if options.mlflow:
        shared["FLOWC_MLFLOW"] = inert_json(options.mlflow)
    path = path_environment(plan.flow.search)
    return shared | path | mutated(plan) | config_environment(plan.flow.configs) | added(plan)


def path_environment(folders: tuple[str, ...]) -> dict[str, str]:
    """`FLOWC_PATH`: the folders of the code where imports are looked for, behind the flow's own and the root."""
    return {"FLOWC_PATH": inert_json(folders)} if folders else {}


def added(plan: Plan) -> dict[str, str]:
    """`FLOWC_WITH`, where the call has added decorators: the runtime adds them to the steps, too."""
    found: dict[str, list[object]] = {}
    for decorator in plan.flow.added:
        found.setdefault(decorator.name, []).append(dict(decorator.arguments))
    return {"FLOWC_WITH": inert_json(found)} if found else {}


def mutated(plan: Plan) -> dict[str, str]:
    """`FLOWC_MUTATED`: the plan holds what the flow's mutators do, so they may do it in the container."""
    return {"FLOWC_MUTATED": "1"} if plan.flow.mutated else {}


def config_environment(configs: tuple[Config, ...]) -> dict[str, str]:
    """`FLOWC_CONFIG`: what each `Config` is worth, or the text that its own parser reads, by its name and class.

    The shim has it while the module is imported: class bodies use the values.
    """
    if not configs:
        return {}
    return {"FLOWC_CONFIG": inert_json({f"{each.owner}.{each.name}": _settled(each) for each in configs})}


def _settled(config: Config) -> dict[str, object]:
    return {"value": config.value} if config.text is None else {"text": config.text}


def step_environment(task: Task) -> dict[str, str]:
    """The literal `@environment` of a step as variables that no engine and no kubelet rewrites.

    Plain values go as they are. All others go together in `FLOWC_ENVIRONMENT`, JSON in which braces, dollars, percent
    signs and everything else that some template language knows are `\\uXXXX`; the shim sets them before the flow is imported.
    """
    plain = {name: value for name, value in task.environment if not re.search(_UNSAFE, value)}
    rest = {name: value for name, value in task.environment if name not in plain}
    if rest:
        plain["FLOWC_ENVIRONMENT"] = inert_json(rest)
    return plain


def given_text(parameter: Parameter) -> str | None:
    """A parameter's default as one would write it on a command line; None where only the code can say it, or there is none."""
    if not parameter.has_default or parameter.multiple or parameter.separator or parameter.type == "file":
        return None
    text = _written(parameter, parameter.default)
    return text if text is None or not parameter.choices or text in parameter.choices else None


def _written(parameter: Parameter, value: Value | Dynamic) -> str | None:
    if value is None or isinstance(value, Dynamic):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return repr(value)
    if parameter.type != "json":
        return None
    import json  # noqa: PLC0415 - few flows have such a parameter

    return json.dumps(value, default=dict)


def legible(prose: str) -> str:
    """Prose for people, without what databases and manifests cannot hold: NUL, and halves of surrogate pairs."""
    return re.sub(_NOWHERE, "\ufffd", prose)


_NOWHERE = "[\0\ud800-\udfff]"


def inert_text(text: str) -> str:
    """The text as it is, or as a JSON string with escapes where some engine would rewrite it."""
    return inert_json(text) if re.search(_UNSAFE, text) else text


def inert_json(value: Mapping[str, object] | tuple[str, ...] | str) -> str:
    """JSON of a value in which no template language of any target finds anything of its own.

    `{{`, `{%`, `${`, `$(`, backticks and single quotes inside strings are `\\uXXXX`; braces of the JSON itself never double.
    """
    import json  # noqa: PLC0415 - few values need it

    text = json.dumps(value, ensure_ascii=True, separators=(", ", ": "), sort_keys=False)
    return re.sub(_STRING, lambda match: _escaped(match[0]), text).replace("}}", "} }").replace("{{", "{ {")


_STRING = r'"(?:[^"\\]|\\.)*"'


def _escaped(literal: str) -> str:
    return re.sub(r"[{}$%#`'&<>]|Ref::", lambda match: "".join(f"\\u{ord(char):04x}" for char in match[0]), literal)


def texts(value: object) -> Iterator[str]:
    """Every text in a value, keys of tables too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(key)
            yield from texts(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from texts(item)


def loads_text(loads: Loads) -> str:
    """How `--load` spells what a task loads; `flowc.artifacts.address.parse_loads` reads it back.

    `prepare` · `foreach:split` · `gang:split` · `merge:split/left;right` · `gather:split/square` · past a switch `sw=0:a,sw=1+sw2=0.2:b`.
    """
    match loads:
        case Begin():
            return ""
        case Follow(load=load):
            return _load_text(load)
        case Enter(split=split, gang=gang):
            return f"gang:{split}" if gang else f"foreach:{split}"
        case Merge(split=split, arms=arms):
            return f"merge:{split}/" + ";".join(_arm_text(name, load) for name, load in arms)
        case Gather(split=split, load=load):
            return f"gather:{split}/{_load_text(load)}"


def _arm_text(name: str, load: Load) -> str:
    text = _load_text(load)
    return text if text == name else f"{name}>{text}"


def _load_text(load: Load) -> str:
    return ",".join(
        "+".join(f"{switch}={'.'.join(map(str, cases))}" for switch, cases in choice.when)
        + (":" if choice.when else "")
        + choice.step
        for choice in load.choices
    )
