"""What differs from what is deployed, as a comment of a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compiler.difference.telling.markdown import LIMIT, MARK, comment
from compiler.legible import one_line
from compiler.operate.against import Compared
from compiler.operate.deploying import Step
from compiler.operate.telling.lines import text_difference

_MARK = MARK.replace("diff", "diff deployed")
"""By it a job finds the comment that it has to replace."""


def deployed_comment(found: Sequence[Compared]) -> str:
    """The whole comment; what is over a comment's length is left out, and that is said."""
    text = _MARK + "\n\n" + "\n".join(line for each in found for line in _lines(each)) + "\n"
    if len(text.encode()) <= LIMIT:
        return text
    more = "\n\n… more than a comment may hold: `flowc diff --against deployed` shows all\n"
    return text.encode()[: LIMIT - len(more.encode())].decode(errors="ignore") + more


def _lines(found: Compared) -> Iterator[str]:
    changed = [step for step in found.steps if step.state != "unchanged"]
    yield f"### {len(changed)} of {len(found.steps)} deployments differ on {_code(found.where)}"
    for step in changed:
        yield ""
        yield f"- **{step.state}** {_code(step.name)}{_of(step)}"
        if step.meaning is not None:
            _, _, body = comment(step.meaning).partition("\n\n")
            yield from ("", body.rstrip(), "")
        elif step.state == "changed":
            yield from _texts(step)


def _of(step: Step) -> str:
    kept = step.was.record if step.was else None
    return f", deployed from {_code(kept.revision[:10])} by {_code(kept.by)}" if kept and kept.revision else ""


def _texts(step: Step) -> Iterator[str]:
    for change in step.changes:
        if change.state == "unchanged":
            continue
        yield f"  - {change.state} {change.kind} {_code(change.name)}"
        lines = list(text_difference(change))
        fence = "`" * (max((len(line) - len(line.replace("`", "")) for line in lines), default=0) + 3)
        yield from ("", f"    {fence}diff", *(f"    {one_line(line)}" for line in lines), f"    {fence}")


def _code(text: str) -> str:
    """Text as code, whatever is in it."""
    text = one_line(text)
    ticks = "`" * (text.count("`") + 1)
    return f"{ticks} {text} {ticks}" if "`" in text else f"`{text}`"
