"""What the image of a flow installs, and what its code imports that nothing there names: a warning, since names alone tell little."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from compiler.diagnostics import Report, Rule
from compiler.ir.flow import Flow
from compiler.ir.needs import flow_packages, step_packages
from compiler.ir.options import image
from compiler.ir.plan import Packages
from compiler.reading import TEXT, is_there, read_file
from compiler.slotted_class import fresh, mutable
from compiler.workspace.astro import airflows
from compiler.workspace.closure.walk import Outside
from compiler.workspace.image.distributions import is_named, is_standard, normal, wanted
from compiler.workspace.listing import why_left_out
from compiler.workspace.package import REQUIREMENTS
from compiler.workspace.settings import Settings

UNNAMED = Rule(
    code="FC872",
    name="import-without-requirement",
    message="no requirement of the image names what brings `{name}`",
    help="{cure}; where another package brings it, say `# flowc: ignore[FC872]` and why",
    severity="warning",
)

_OURS = frozenset({"flowc", "metaflow", "metaflow_extensions"})
_NAME = r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*($|[<>=!~;@(,\s])"
_EGG = r"[#&]egg=([A-Za-z0-9._-]+)"
_MOST_FILES = 100


@mutable
class Named:
    """Distributions by their names as indexes compare them; `is_open` where something may bring any module, as a folder does."""

    names: set[str] = fresh(default_factory=set)
    is_open: bool = False

    def add(self, lines: Iterable[str]) -> None:
        """Take what stands in requirements, a line each, as pip writes them."""
        for line in lines:
            text = re.sub(r"(^|\s)#.*", "", line).strip()
            found = re.search(_EGG, line) or re.match(_NAME, text)
            if found:
                self.names.add(normal(found[1]))
            elif (
                text
                and not text.startswith(("-c", "--c"))
                and not re.match(r"--(?!editable)", text)
                and not re.match(r"-[if]\b", text)
            ):
                self.is_open = True


def check_requirements(flow: Flow, outside: Sequence[Outside], root: Path, settings: Settings, report: Report) -> None:
    """Warn of modules that the code imports and that nothing names which the flow's images install.

    A module that one step imports may be in its image alone. What an image of the author's own holds nobody here can tell.
    """
    own = {name for name, step in flow.steps.items() if image(step) or settings.images.get(name)}
    if len(own) == len(flow.steps):
        return
    named = Named()
    for packages in {flow_packages(flow), *(step_packages(flow, step) for step in flow.steps.values())}:
        _take(packages, root, settings, named)
    if named.is_open:
        return
    told: set[str] = set()
    for each in outside:
        top = each.parts[0]
        is_known = top in told or top in _OURS or is_standard(top) or top in settings.words("passthrough")
        if is_known or (own and not each.always) or is_named(each.parts, named.names):
            continue
        told.add(top)
        report.add(UNNAMED, each.span, name=each.module, cure=_cure(each, flow, root, settings, named))


def _cure(each: Outside, flow: Flow, root: Path, settings: Settings, named: Named) -> str:
    distribution, top = wanted(each.parts), normal(each.parts[0])
    if top in named.names:
        return f"did you mean `{distribution}`, where `{top}` is asked for?"
    brings = f"`{distribution}`, which brings it," if distribution != top else f"`{distribution}`"
    if flow_packages(flow) is not None:
        place = "the packages of `@pypi_base`"
    elif settings.words("packages") or (is_there(root / REQUIREMENTS) and airflows(root)):
        place = "`packages` in [tool.flowc]"
    else:
        place = f"`{REQUIREMENTS}` or `packages` in [tool.flowc]"
    return f"add {brings} to {place}{_elsewhere(each, root, settings)}"


def _elsewhere(each: Outside, root: Path, settings: Settings) -> str:
    """Where it is asked for without being installed."""
    mark = airflows(root) if is_there(root / REQUIREMENTS) and not settings.words("packages") else ""
    if mark and is_named(each.parts, _of_file(root).names):
        return f": `{REQUIREMENTS}` beside `{mark}` is Airflow's own"
    if settings.folder and is_named(each.parts, _of_project(settings.folder).names):
        return ": the dependencies of pyproject.toml are not installed"
    return ""


def _take(packages: Packages | None, root: Path, settings: Settings, named: Named) -> None:
    if packages is not None:
        named.add((*packages.pypi, *packages.conda))
    elif settings.words("packages"):
        named.add(settings.words("packages"))
    elif not airflows(root):
        found = _of_file(root)
        named.names |= found.names
        named.is_open = named.is_open or found.is_open


def _of_file(root: Path) -> Named:
    """What `requirements.txt` asks for, and the files that it names; nothing where the archive leaves it out."""
    named, pending, seen = Named(), [root / REQUIREMENTS], set[Path]()
    while pending and len(seen) < _MOST_FILES:
        file = pending.pop()
        if file in seen or not is_there(file) or why_left_out(root, file):
            continue
        seen.add(file)
        try:
            lines = read_file(file, TEXT).decode("utf-8", "replace").replace("\\\n", " ").splitlines()
        except OSError:
            named.is_open = True
            continue
        others = [match[2] for line in lines if (match := re.match(r"\s*(-r\s*|--requirement[\s=]+)(\S+)", line))]
        pending += [file.parent / each for each in others]
        named.add(line for line in lines if not re.match(r"\s*(-r|--requirement)", line))
    return named


def _of_project(folder: Path) -> Named:
    """What the project's own dependencies name: `[project]`'s, Poetry's."""
    from compiler.workspace.settings import read_toml  # noqa: PLC0415 - asked only where something is not named

    named = Named()
    whole = read_toml(folder / "pyproject.toml")
    named.add(_dependencies(whole))
    return named


def _dependencies(whole: dict[str, object]) -> Iterator[str]:
    project, tool = whole.get("project"), whole.get("tool")
    listed = project.get("dependencies") if isinstance(project, dict) else None
    yield from (str(each) for each in listed) if isinstance(listed, list) else ()
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    table = poetry.get("dependencies") if isinstance(poetry, dict) else None
    yield from (str(name) for name in table) if isinstance(table, dict) else ()
