"""The changes as a comment of a pull request on GitHub: what matters first, the rest folded, never longer than a comment may be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from compiler.difference.changes import About
from compiler.difference.comparing import Difference, FlowDifference
from compiler.difference.part_changes import PackageFilesChanged
from compiler.difference.telling.picture import picture
from compiler.difference.telling.sentences import Part, Quoted, count, heading, sentence, telling
from compiler.difference.telling.terminal import is_breaking, is_code_only
from compiler.legible import one_line

LIMIT = 65_536
"""Characters of a comment on GitHub."""

MARK = "<!-- flowc diff -->"
"""The first line: by it a job finds the comment that it has to replace."""

_TITLES: dict[About, str] = {
    "flow": "Flow",
    "graph": "Graph",
    "parameters": "Parameters",
    "artifacts": "Artifacts",
    "steps": "Steps",
    "start": "What starts it",
    "settings": "Settings",
    "code": "Code",
    "files": "Files",
    "runs": "Runs that go on meanwhile",
}
_FOLDED: frozenset[About] = frozenset({"artifacts", "code", "files", "runs"})
_SHOWN = 10
"""Changes of a kind that are not folded."""


def comment(found: Difference) -> str:
    """The whole comment: with all that there is, or as much of it as fits."""
    for level in (_whole, _without_pictures, _short):
        whole = [level(each) for each in found.flows if not is_code_only(each)]
        text = _assembled(found, [*whole, *_code_only(found)])
        if len(text.encode()) <= LIMIT:
            return text
    return _cut(found)


def _assembled(found: Difference, flows: Sequence[str], more: str = "") -> str:
    blocks = [_mark(found.env), f"### {_summary(found)}", *flows, *([more] if more else [])]
    rest = [f"- {_line(sentence(unread))}" for unread in found.unread]
    rest += [f"- {_span(note)}" for note in found.notes]
    if rest:
        blocks.append(_limited(rest))
    return "\n\n".join(blocks) + "\n"


def _mark(env: str | None) -> str:
    """The first line of the comment on an environment, which has a comment of its own; what could end the mark is a `-` in its name."""
    return MARK.replace("diff", f"diff {re.sub(r'[^0-9A-Za-z._]', '-', env)}") if env else MARK


def _summary(found: Difference) -> str:
    differ = f"{count(len(found.flows), 'flow')} {'differs' if len(found.flows) == 1 else 'differ'}"
    breaking = sum(is_breaking(each) for each in found.flows)
    said = f"flowc: {differ if found.flows else 'no flow differs'} from {_span(found.against)}"
    said += f" in {_span(found.env)}" if found.env else ""
    return said + (f", **{breaking} breaking**" if breaking else "")


def _title(found: FlowDifference) -> str:
    return f"#### {_line(heading(found.state.name, found.state.path))}{' (**breaking**)' if is_breaking(found) else ''}"


def _whole(found: FlowDifference) -> str:
    drawn = picture(found)
    graph = f"```mermaid\n{drawn}```" if drawn else ""
    return "\n\n".join(filter(None, (_title(found), graph, *_groups(found))))


def _without_pictures(found: FlowDifference) -> str:
    return "\n\n".join((_title(found), *_groups(found)))


def _code_only(found: Difference) -> list[str]:
    """The flows of which nothing but the code changed, as one folded list; nothing without any."""
    flows = [each for each in found.flows if is_code_only(each)]
    lines = [f"- {_line(heading(each.state.name, each.state.path))}{_files(each)}" for each in flows]
    return [_details(f"Only the code changed of {count(len(flows), 'flow')}", lines)] if lines else []


def _files(found: FlowDifference) -> str:
    told = [change for change in found.changes if isinstance(change, PackageFilesChanged)]
    return "".join(f": {_line(sentence(change))}" for change in told)


def _short(found: FlowDifference) -> str:
    """What is breaking, and how many changes there are."""
    breaking = [_bullet(each) for each in found.changes if telling(each).breaking]
    rest = len(found.changes) - len(breaking)
    lines = [*breaking[:_SHOWN], f"- {count(rest + max(0, len(breaking) - _SHOWN), 'change')} more"]
    return f"{_title(found)}\n\n" + "\n".join(lines)


def _cut(found: Difference) -> str:
    """As many flows as fit, those with breaking changes first."""
    flows = sorted(found.flows, key=lambda each: not is_breaking(each))
    kept: list[str] = []
    size = len(_assembled(found, (), "").encode()) + _ROOM
    for each in flows:
        text = _short(each)
        size += len(text.encode()) + 2
        if size > LIMIT:
            break
        kept.append(text)
    return _assembled(found, kept, f"… and {count(len(flows) - len(kept), 'flow')} more: `flowc diff` says all of it.")


_ROOM = 200


def _groups(found: FlowDifference) -> Iterator[str]:
    for about, title in _TITLES.items():
        lines = [_bullet(each) for each in found.changes if telling(each).about == about]
        if not lines:
            continue
        if about in _FOLDED and not any("**breaking**" in line for line in lines):
            yield _details(f"{title}: {count(len(lines), 'change')}", lines)
        else:
            yield f"**{title}**\n\n{_limited(lines)}"


def _limited(lines: Sequence[str]) -> str:
    shown = "\n".join(lines[:_SHOWN])
    rest = lines[_SHOWN:]
    return f"{shown}\n\n{_details(f'{len(rest)} more', rest)}" if rest else shown


def _details(title: str, lines: Sequence[str]) -> str:
    """A part that opens by a click; `title` is ours."""
    return f"<details><summary>{title}</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def _bullet(change: object) -> str:
    return f"- {'**breaking**: ' if telling(change).breaking else ''}{_line(sentence(change))}"


def _line(parts: tuple[Part, ...]) -> str:
    return "".join(_span(part.text) if isinstance(part, Quoted) else _words(part) for part in parts)


def _words(text: str) -> str:
    """Our own words, of which a decorator's `@` would be a mention and an `_` emphasis."""
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", text).replace("@", "@\u200b")


def _span(text: str) -> str:
    """Text as a code span: nothing in it is a mention, a link, HTML or the end of the span. Every character is kept."""
    plain = one_line(text) or " "
    longest = max((len(run) for run in re.findall("`+", plain)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if plain.strip() and (plain[0] in "` " or plain[-1] in "` ") else ""  # of blanks alone none is taken away
    return f"{fence}{pad}{plain}{pad}{fence}"
