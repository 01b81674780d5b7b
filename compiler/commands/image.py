"""`flowc image`: the Dockerfiles of a flow, their build context, or the images themselves."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from compiler.backends.command import variant_image
from compiler.call.options import WithHelp, env_option, option
from compiler.call.sources import FLOW, FlowName, Surroundings, flow_option, import_option, named, root_option
from compiler.diagnostics import Report
from compiler.ir.plan import Plan
from compiler.ir.planner import plan
from compiler.pipeline import read_flow
from compiler.reading import is_there
from compiler.terminal.output import print_bytes, write_files
from compiler.terminal.said import say, tell
from compiler.workspace.astro import airflows
from compiler.workspace.image.recipes import ImageError, build_command, context, recipe_name, recipes
from compiler.workspace.package import REQUIREMENTS, default_image, image_digest
from compiler.workspace.settings import SHARED

BUILDERS = ("docker", "podman", "buildah")


@click.command("image", cls=WithHelp)
@click.argument("flow", metavar="FLOW", type=FLOW)
@flow_option
@root_option
@env_option
@import_option
@option("--step", metavar="NAME", help="The image of this step alone, where it has packages of its own.")
@option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the build context here.",
)
@option("--build", "builder", type=click.Choice(BUILDERS), help="Build the images with this tool.")
@option("--tag", metavar="NAME", help="The flow's image's name, instead of the one that `create` writes.")
@option("--registry", metavar="HOST", help=SHARED["registry"][:1].upper() + SHARED["registry"][1:] + ".")
def COMMAND(  # noqa: PLR0913 - click gives one argument an option
    *,
    flow: FlowName,
    flow_name: str | None,
    root: Path | None,
    env: str | None,
    imports: bool | None,
    step: str | None,
    output: Path | None,
    builder: str | None,
    tag: str | None,
    registry: str | None,
) -> int:
    """Print the Dockerfile of a flow: a slim Python, the declared packages, the runtime, the code.

    Packages are those of [tool.flowc] packages, else of requirements.txt in the code's root; or those that @pypi_base
    and @conda_base name, and those alone. Steps with packages of their own (@pypi, @conda) have an image each for every
    different set: <flow>:<digest of the code>-<first step with it>, as `flowc <target> create` names them by default.

    \b
      flowc image flow.py
      flowc image flow.py --step train
      flowc image flow.py -o context/
      flowc image flow.py --build docker --registry registry.example.com/team
    """
    surroundings = Surroundings(root, imports, env=env)
    settings = surroundings.settings(flow.path)
    decided = _decided(named(flow, flow_name), surroundings)
    settings = settings.for_flow(decided.flow.name)
    place = surroundings.place(flow.path)
    archive = surroundings.packages().of(place, (decided.flow,)).archive
    mark = airflows(place.root) if is_there(place.root / REQUIREMENTS) else ""
    if mark and decided.packages is None and not settings.words("packages"):
        tell(
            f"note: requirements.txt beside {mark} is Airflow's own: name what the steps need as `packages` in [tool.flowc]"
        )
    wanted = recipes(settings, archive, decided)
    if step is not None:
        variant = _variant(decided, step)
        wanted = {variant: wanted[variant]}
    if output is None and builder is None:
        return _print(wanted)
    files = context({recipe_name(variant): text for variant, text in wanted.items()}, archive)
    if output is not None:
        write_files({output / name: data for name, data in files.items()})
        tell(f"wrote {output}")
    if builder is None:
        return 0
    where = settings.text("registry", None, {"registry": registry})
    base = tag or default_image(decided.flow.name, image_digest(archive, settings), where)
    return max(_build(builder, variant_image(base, each) if each else base, files, each) for each in wanted)


def _decided(flow: FlowName, surroundings: Surroundings) -> Plan:
    report = Report()
    root = surroundings.root(flow.path)
    source = read_flow(flow.path, report, name=flow.name, root=root, reading=surroundings.reading(flow.path))
    if source is None:
        raise ImageError(f"{flow.path} has mistakes: `flowc check {flow.path}` names them")
    return plan(source)


def _variant(decided: Plan, step: str) -> str:
    """The step whose name the image of a step carries."""
    task = decided.tasks.get(step)
    if task is None:
        raise ImageError(f"{decided.flow.name} has no step `{step}`")
    if task.image:
        raise ImageError(f"`{step}` names its image itself: {task.image}")
    return task.variant


def _print(wanted: Mapping[str, str]) -> int:
    first, *rest = wanted
    print_bytes(wanted[first])
    if rest:
        names = ", ".join(rest)
        tell(f"note: not printed: the images of {names}; --step prints one, -o writes all")
    return 0


def _build(builder: str, tag: str, files: Mapping[str, bytes], variant: str) -> int:
    with tempfile.TemporaryDirectory(prefix="flowc-image-") as folder:
        write_files({Path(folder) / name: data for name, data in files.items()})
        try:
            done = subprocess.run(build_command(builder, tag, Path(folder), variant), check=False)
        except FileNotFoundError as error:
            raise ImageError(f"there is no `{builder}` on this machine") from error
    if done.returncode == 0:
        say(tag)
    return 1 if done.returncode else 0
