"""The store of the local run, and of the commands that look at runs."""

from __future__ import annotations

from pathlib import Path

from compiler.backends import Options
from compiler.workspace.settings import LOCAL, Settings

DEFAULT_STORE = "file:.flowc"
"""Beside where one works, so that `run` and `inspect` from the same folder see the same runs."""

_FILE = "file:"


def local_store(settings: Settings, given: str | None) -> str:
    """The store's URL: as given, else `[tool.flowc.run] store`, else `[tool.flowc] store`, else DEFAULT_STORE.

    A relative `file:` path starts at the working directory, or at the file that says it; the URL is absolute.
    """
    setting = settings.get("store", LOCAL, {"store": given})
    folder = setting.source.folder.absolute() if setting.source else Path.cwd()
    url = str(setting.value or DEFAULT_STORE)
    path = url.removeprefix(_FILE)
    if url == path or not path or path.startswith("//"):
        return url
    return _FILE + str((folder / path).absolute())


def needs_of(options: Options) -> str:
    """What to say of the images that are named where the store needs something in them; empty where it does not, or flowc builds them."""
    if not (options.image or options.images) or not str(options.store).startswith(("gs:", "az:")):
        return ""
    named = ", ".join(dict.fromkeys(image for image in (options.image, *options.images.values()) if image))
    return (
        f"note: the store {options.store} is asked through obstore: let the image {named} hold it (pip install obstore)"
    )


def flow_and_folder(flow: str, imports: bool | None = None, env: str | None = None) -> tuple[str, Path]:
    """A flow's name and the folder whose settings count; a file is read for its name. Raises UsageError where that has mistakes."""
    if "/" not in flow and flow.isidentifier() and not Path(flow).is_file():
        return flow, Path()
    import click  # noqa: PLC0415 - a name needs no compiler

    from compiler.call.sources import FLOW, Surroundings  # noqa: PLC0415 - as above
    from compiler.diagnostics import Report  # noqa: PLC0415 - as above
    from compiler.pipeline import read_flow  # noqa: PLC0415 - as above

    wanted = FLOW.convert(flow, None, None)
    report = Report()
    path, surroundings = wanted.path, Surroundings(imports=imports, env=env)
    source = read_flow(path, report, name=wanted.name, root=surroundings.root(path), reading=surroundings.reading(path))
    if source is None:
        raise click.UsageError(f"{flow} has mistakes: `flowc check {wanted.path}` shows them")
    return source.name, wanted.path.parent
