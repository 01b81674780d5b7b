"""`flowc image`: the Dockerfile of a flow, its build context, or the image itself."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from compiler.commands.output import print_bytes, write_files
from compiler.commands.sources import FLOW, FlowName, Surroundings, flow_option, import_option, named, root_option
from compiler.config import SHARED
from compiler.diagnostics import Report
from compiler.image import ImageError, build_command, context, dockerfile
from compiler.package import default_image, package
from compiler.pipeline import read_flow

BUILDERS = ("docker", "podman", "buildah")


@click.command("image")
@click.argument("flow", metavar="FLOW", type=FLOW)
@flow_option
@root_option
@import_option
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the build context here.",
)
@click.option("--build", "builder", type=click.Choice(BUILDERS), help="Build the image with this tool.")
@click.option("--tag", metavar="NAME", help="The image's name, instead of the one that `create` writes.")
@click.option("--registry", metavar="HOST", help=SHARED["registry"][:1].upper() + SHARED["registry"][1:] + ".")
def COMMAND(
    flow: FlowName,
    flow_name: str | None,
    root: Path | None,
    imports: bool | None,
    output: Path | None,
    builder: str | None,
    tag: str | None,
    registry: str | None,
) -> int:
    """Print the Dockerfile of a flow: a slim Python, the declared packages, the runtime, the code.

    Packages are those of [tool.flowc] packages, else of requirements.txt in the code's root. The image is named
    as `flowc <target> create` names it by default: <flow>:<digest of the code>.

    \b
      flowc image flow.py
      flowc image flow.py -o context/
      flowc image flow.py --build docker --registry registry.example.com/team
    """
    surroundings = Surroundings(root, imports)
    settings = surroundings.settings(flow.path)
    folder = surroundings.root(flow.path)
    archive = package(folder)
    recipe = dockerfile(settings, archive)
    if output is None and builder is None:
        print_bytes(recipe)
        return 0
    files = context(recipe, archive)
    if output is not None:
        write_files({output / name: data for name, data in files.items()})
        click.echo(f"wrote {output}", err=True)
    if builder is None:
        return 0
    where = settings.text("registry", None, {"registry": registry})
    return _build(builder, tag or _tag(named(flow, flow_name), surroundings, archive.digest, where), files)


def _tag(flow: FlowName, surroundings: Surroundings, digest: str, registry: str | None) -> str:
    """The name that `create` gives the image of this flow."""
    report = Report()
    path = flow.path
    source = read_flow(path, report, name=flow.name, root=surroundings.root(path), reading=surroundings.reading(path))
    if source is None:
        raise ImageError(f"{flow.path} has mistakes (`flowc check {flow.path}`): name the image with --tag")
    return default_image(source.name, digest, registry)


def _build(builder: str, tag: str, files: Mapping[str, bytes]) -> int:
    with tempfile.TemporaryDirectory(prefix="flowc-image-") as folder:
        write_files({Path(folder) / name: data for name, data in files.items()})
        try:
            done = subprocess.run(build_command(builder, tag, Path(folder)), check=False)
        except FileNotFoundError as error:
            raise ImageError(f"there is no `{builder}` on this machine") from error
    if done.returncode == 0:
        click.echo(tag)
    return 1 if done.returncode else 0
