"""The forms of a picture by their names, each imported when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from compiler.ir.plan import Plan
from compiler.picture.drawing import Drawing

if TYPE_CHECKING:
    from compiler.picture.facts import Made


def written(form: str, drawing: Drawing, plan: Plan, made: Sequence[Made]) -> str:
    """The picture in a form: `mermaid`, `dot`, `svg`, `html`, `graphml`, `gexf` or `json`. Raises CallError without networkx."""
    if form in ("mermaid", "dot"):
        from compiler.picture import diagrams  # noqa: PLC0415 - the other forms need none

        return diagrams.mermaid(drawing) if form == "mermaid" else diagrams.dot(drawing)
    if form == "svg":
        from compiler.picture.svg import svg  # noqa: PLC0415 - as above

        return svg(drawing)
    if form == "html":
        from compiler.picture.page.html import page  # noqa: PLC0415 - as above

        return page(drawing, plan, made)
    if form == "json":
        from compiler.picture.document import document_text  # noqa: PLC0415 - as above

        return document_text(drawing, plan, made)
    from compiler.picture.networks import network  # noqa: PLC0415 - as above

    return network(drawing, "graphml" if form == "graphml" else "gexf")
