"""`flowc package`: the code of a flow as one archive."""

from __future__ import annotations

import json
from pathlib import Path

import click

from compiler.call.options import WithHelp, env_option, option
from compiler.call.sources import FLOW, FlowName, Surroundings, root_option
from compiler.diagnostics import Report
from compiler.legible import one_line
from compiler.pipeline import read_flows
from compiler.terminal.output import write_files
from compiler.terminal.said import say, say_json, tell
from compiler.workspace.closure.members import Package


@click.command("package", cls=WithHelp)
@click.argument("flow", metavar="FLOW", type=FLOW)
@root_option
@env_option
@option(
    "-o",
    "--output",
    default=".",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write to.",
    show_default=True,
)
@option("--list", "only_list", is_flag=True, help="Write nothing; list what would go in.")
@option("--why", is_flag=True, help="With --list, also why: which line imports or names each file.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
def COMMAND(
    *,
    flow: FlowName,
    root: Path | None,
    env: str | None,
    output: Path,
    only_list: bool,
    why: bool,
    as_json: bool,
) -> int:
    """Write the code of a flow as one archive, named by its content, and print its path.

    It holds what the flow's tasks can load: its file, what that imports of the repository, and the data beside those modules.
    Same files, same bytes, on every machine. `.gitignore` and `.flowcignore` say what stays out.
    Put the archive where the steps can read it, and compile with --code URL.

    \b
      flowc package flow.py --list
      flowc package flow.py --list --why
      flowc package flow.py -o build/
      aws s3 cp $(flowc package flow.py -o build/) s3://bucket/code/
    """
    surroundings = Surroundings(root, imports=False, env=env)
    place = surroundings.place(flow.path)
    # A flow that is not right has a package all the same, and so has one that only an import tells all of.
    flows = read_flows(flow.path, Report(), name=flow.name, root=place.root, reading=surroundings.reading(flow.path))
    package = surroundings.packages().of(place, flows)
    path = output / package.archive.name
    if not only_list:
        write_files({path: package.archive.data})
    _tell(package, None if only_list else path, why=why, as_json=as_json)
    return 0


def _tell(package: Package, path: Path | None, *, why: bool, as_json: bool) -> None:
    archive = package.archive
    if as_json:
        facts = {
            "path": None if path is None else str(path),
            "digest": archive.digest,
            "files": archive.files,
            "why": package.why,
            "links": archive.links,
            "secrets": archive.secrets,
        }
        say_json(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for link in archive.links:
        tell(f"note: {one_line(link)} is left out: it leads out of the code's root")
    if path is not None:
        say(one_line(str(path)))
        return
    for file in archive.files:
        say(f"{one_line(file)}  {one_line(package.why[file])}" if why else one_line(file))
