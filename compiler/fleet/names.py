"""Two flows of one deployment name: the later would overwrite the earlier, on the disk or on the target."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from compiler.diagnostics import Note, Report, Rule
from compiler.fleet.parts import Part
from compiler.ir.flow import Span
from compiler.slotted_class import record

TWO_OF_ONE_NAME = Rule(
    code="FC860",
    name="two-flows-of-one-name",
    message="`{flow}` is deployed to {target} as `{name}`, and `{other}` of {file} {likewise}: one would overwrite the other",
    help="rename one of the classes, or give its flow a `name` in [tool.flowc.flow.{flow}]; or compile each alone, with `--name`",
)


@record
class Deployed:
    """A flow at the place of its class, and the name that a target gives it."""

    flow: str
    span: Span
    name: str


def check_names(target: str, deployed: Iterable[Deployed], report: Report) -> None:
    """Find flows whose deployments have one name, also where only case tells them apart: many disks do not."""
    first: dict[str, Deployed] = {}
    for each in deployed:
        other = first.setdefault(each.name.casefold(), each)
        if other is not each:
            facts = {"flow": each.flow, "other": other.flow, "file": other.span.path, "name": each.name}
            likewise = "too" if other.name == each.name else f"as `{other.name}`, which is the same file on many disks"
            note = Note(other.span, f"`{other.flow}` is here")
            report.add(TWO_OF_ONE_NAME, each.span, note, target=target, likewise=likewise, **facts)


def check_deployed(targets: Iterable[str], parts: Sequence[Part], report: Report) -> None:
    """The same for several targets; a flow counts once, though its file and it itself may both be named."""
    for target in targets:
        found = {(each.flow, each.span): each for part in parts for each in part.deployed.get(target, ())}
        check_names(target, found.values(), report)
