"""`@exit_hook`: a DAG that runs when the workflow has ended, whatever its end; a hook that fails leaves the workflow's phase alone."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.backends import Options
from compiler.backends.argo.containers import RUN
from compiler.backends.argo.names import Names, task_name
from compiler.backends.command import flow_image, hook_argv
from compiler.backends.yaml_text import Inline, Tree, Words
from compiler.ir.plan import Hook, Plan
from compiler.slotted_class import replaced

_FUNCTION, _STATUS = "{{inputs.parameters.function}}", "{{inputs.parameters.status}}"
_SHARED = len(("python", "-m", "flowc", "hook"))
_WHEN = {"success": "{{workflow.status}} == Succeeded", "error": "{{workflow.status}} != Succeeded"}


def exit_templates(plan: Plan, options: Options, names: Names) -> list[Tree]:
    """The DAG of the hooks and the containers that it calls, one an image; nothing where the flow has no hook."""
    if not plan.hooks:
        return []
    root = names.claim("exit")
    images = {image: names.claim("exit-hook") for image in dict.fromkeys(hook.image for hook in plan.hooks)}
    base = flow_image(options)
    tasks: list[Tree] = list(_tasks(plan.hooks, images))
    return [
        {"name": root, "dag": {"tasks": tasks}},
        *(_container(name, image or base, plan.hooks[0]) for image, name in images.items()),
    ]


def _tasks(hooks: tuple[Hook, ...], images: dict[str | None, str]) -> Iterator[Tree]:
    names = Names()
    for hook in hooks:
        given = {"function": hook.function, "status": hook.on}
        yield {
            "name": names.claim(task_name(f"{hook.on}_{hook.function}".replace(".", "_"))),
            "template": images[hook.image],
            "when": _WHEN[hook.on],
            "continueOn": Inline({"failed": True, "error": True}),
            "arguments": {"parameters": [Inline({"name": name, "value": value}) for name, value in given.items()]},
        }


def _container(name: str, image: str, any_hook: Hook) -> Tree:
    shared = replaced(any_hook, function=_FUNCTION, on=_STATUS)
    words = hook_argv(shared, run=RUN)
    container: Tree = {"image": image, "command": Words(words[:_SHARED]), "args": list(words[_SHARED:])}
    parameters: list[Tree] = [Inline({"name": given}) for given in ("function", "status")]
    return {"name": name, "inputs": {"parameters": parameters}, "container": container}
