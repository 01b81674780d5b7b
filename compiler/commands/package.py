"""`flowc package`: the code of a flow as one archive."""

from __future__ import annotations

import json
from pathlib import Path

import click

from compiler.call.options import env_option
from compiler.call.sources import FLOW, FlowName, Surroundings, root_option
from compiler.legible import one_line
from compiler.terminal.notes import tell_secrets
from compiler.terminal.output import write_files
from compiler.terminal.said import say, say_json, tell
from compiler.workspace.package import Archive, package


@click.command("package")
@click.argument("flow", metavar="FLOW", type=FLOW)
@root_option
@env_option
@click.option(
    "-o",
    "--output",
    default=".",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write to.",
    show_default=True,
)
@click.option("--list", "only_list", is_flag=True, help="Write nothing; list what would go in.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def COMMAND(flow: FlowName, root: Path | None, env: str | None, output: Path, only_list: bool, as_json: bool) -> int:
    """Write the code of a flow as one archive, named by its content, and print its path.

    Same files, same bytes, on every machine. `.gitignore` and `.flowcignore` say what stays out.
    Put the archive where the steps can read it, and compile with --code URL.

    \b
      flowc package flow.py --list
      flowc package flow.py -o build/
      aws s3 cp $(flowc package flow.py -o build/) s3://bucket/code/
    """
    folder = Surroundings(root, env=env).root(flow.path)
    archive = package(folder)
    path = output / archive.name
    if not only_list:
        write_files({path: archive.data})
    tell_secrets(archive)
    _tell(archive, path, only_list=only_list, as_json=as_json)
    return 0


def _tell(archive: Archive, path: Path, *, only_list: bool, as_json: bool) -> None:
    if as_json:
        facts = {
            "path": None if only_list else str(path),
            "digest": archive.digest,
            "files": archive.files,
            "links": archive.links,
            "secrets": archive.secrets,
        }
        say_json(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for link in archive.links:
        tell(f"note: {one_line(link)} is left out: it leads out of the code's root")
    say("\n".join(map(one_line, archive.files)) if only_list else one_line(str(path)))
