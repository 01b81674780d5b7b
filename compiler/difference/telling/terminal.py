"""The changes as lines for a terminal; the colours are taken away where none reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.difference.comparing import Difference, FlowDifference
from compiler.difference.part_changes import OnlyCodeChanged, PackageFilesChanged
from compiler.difference.telling.sentences import Part, Quoted, count, heading, sentence, telling
from compiler.legible import one_line
from compiler.terminal.said import Colour, Styled
from compiler.terminal.said import Part as Shown

_COLOURS: Mapping[str, Colour] = {"+": "green", "-": "red", "~": "yellow", "!": "magenta"}


def lines(found: Difference) -> Iterator[tuple[Shown, ...]]:
    """Each line as its parts."""
    code_only = [each for each in found.flows if is_code_only(each)]
    for each in found.flows:
        if each not in code_only:
            yield from _flow(each)
            yield ("",)
    if code_only:
        yield from _code_only(code_only)
        yield ("",)
    for unread in found.unread:
        yield (Styled("! ", fg=_COLOURS["!"]), *_shown(sentence(unread)))
    for note in found.notes:
        yield (f"note: {one_line(note)}",)
    yield (summary(found),)


def _code_only(flows: list[FlowDifference]) -> Iterator[tuple[Shown, ...]]:
    yield (Styled(f"only the code changed of {count(len(flows), 'flow')}", bold=True),)
    for each in flows:
        yield ("  ", *_shown(heading(each.state.name, each.state.path)))
        for change in each.changes:
            if telling(change).about == "code":
                yield (Styled("    ~ ", fg=_COLOURS["~"]), *_shown(sentence(change)))


def _flow(found: FlowDifference) -> Iterator[tuple[Shown, ...]]:
    yield tuple(Styled(_text(part), bold=True) for part in heading(found.state.name, found.state.path))
    for change in found.changes:
        told = telling(change)
        breaking: tuple[Shown, ...] = (Styled("breaking: ", fg="red", bold=True),) if told.breaking else ()
        yield (Styled(f"  {told.sign} ", fg=_COLOURS[told.sign]), *breaking, *_shown(sentence(change)))


def _shown(parts: tuple[Part, ...]) -> tuple[Shown, ...]:
    return tuple(f"`{part.text}`" if isinstance(part, Quoted) else part for part in parts)


def _text(part: Part) -> str:
    return part.text if isinstance(part, Quoted) else part


def summary(found: Difference) -> str:
    """How many flows differ, and how many do not."""
    breaking = sum(is_breaking(each) for each in found.flows)
    said = f"{count(len(found.flows), 'flow')} {'differs' if len(found.flows) == 1 else 'differ'} from {one_line(found.against)}"
    said += f" in {one_line(found.env)}" if found.env else ""
    said += f", {breaking} breaking" if breaking else ""
    return f"{said}; {count(found.equal, 'flow')} {'does' if found.equal == 1 else 'do'} not"


def is_code_only(found: FlowDifference) -> bool:
    """Whether nothing of a flow differs but files of its archive, and with them the name of its image."""
    told = [change for change in found.changes if telling(change).about != "runs"]
    return all(isinstance(change, OnlyCodeChanged | PackageFilesChanged) for change in told)


def is_breaking(found: FlowDifference) -> bool:
    """Whether a change of it is breaking."""
    return any(telling(change).breaking for change in found.changes)
