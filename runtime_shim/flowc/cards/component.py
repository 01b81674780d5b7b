"""What a card is made of: the bases that authors derive from, and the plain parts of a page."""

from __future__ import annotations

from typing import Any, ClassVar

from flowc.standard_path import standard_path


class MetaflowCardComponent:
    """A part of a card. `render()` gives text, or a dict whose `type` says how the page shows it."""

    REALTIME_UPDATABLE: ClassVar[bool] = False
    _component_id: str | None = None

    @property
    def component_id(self) -> str | None:
        """The name that the author gave it: `current.card.append(part, id='…')`."""
        return self._component_id

    @component_id.setter
    def component_id(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError("Component ID must be a string")
        self._component_id = value

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Show something else; the page shows what it was last."""
        raise NotImplementedError(f"{type(self).__name__} has nothing to update")

    def render(self) -> Any:
        """What the page shows."""
        raise NotImplementedError(f"{type(self).__name__} has no render()")


UserComponent = MetaflowCardComponent
"""The name that some authors derive their own from."""


class Part(MetaflowCardComponent):
    """A part that is a dict of plain values from the start."""

    kind: ClassVar[str] = ""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def render(self) -> dict[str, Any]:
        """Its type and what it was made of."""
        return {"type": self.kind, **{name: value for name, value in self._fields.items() if value is not None}}


class TitleComponent(Part):
    """A heading."""

    kind = "title"

    def __init__(self, text: Any = None) -> None:
        super().__init__(text=str(text))


class SubTitleComponent(Part):
    """A line below a heading."""

    kind = "subtitle"

    def __init__(self, text: Any = None) -> None:
        super().__init__(text=str(text))


class TextComponent(Part):
    """Text as it is."""

    kind = "text"

    def __init__(self, text: Any = None) -> None:
        super().__init__(text=str(text))


class LogComponent(Part):
    """Output as it was printed."""

    kind = "log"

    def __init__(self, data: Any = None) -> None:
        super().__init__(data=str(data))


class PythonCodeComponent(Part):
    """Code as it is."""

    kind = "pythonCode"

    def __init__(self, data: Any = None) -> None:
        super().__init__(data=str(data))


class TableComponent(Part):
    """Rows of values below their headers; `vertical` has the headers at the left."""

    kind = "table"

    def __init__(
        self, title: Any = None, subtitle: Any = None, headers: Any = (), data: Any = (), vertical: bool = False
    ) -> None:
        super().__init__(title=title, subtitle=subtitle, columns=list(headers), data=list(data), vertical=vertical)


class SectionComponent(MetaflowCardComponent):
    """Parts below a title, side by side where `columns` says how many."""

    kind = "section"

    def __init__(self, title: Any = None, subtitle: Any = None, columns: int | None = None, contents: Any = ()) -> None:
        self._title, self._subtitle, self._columns = title, subtitle, columns
        self._contents = contents if isinstance(contents, (list, tuple)) else [contents]

    def render(self) -> dict[str, Any]:
        """The title and what each part renders."""
        found = {"type": self.kind, "title": self._title, "subtitle": self._subtitle, "columns": self._columns}
        return {**found, "contents": [rendered(part) for part in self._contents]}


class PageComponent(SectionComponent):
    """Parts that belong together, below a title."""

    kind = "page"


class ErrorComponent(MetaflowCardComponent):
    """What went wrong, and where."""

    def __init__(self, headline: str, error_message: str) -> None:
        self._headline, self._message = headline, error_message

    def render(self) -> dict[str, Any]:
        """The headline above the message."""
        return {"type": "error", "title": self._headline, "data": self._message}


def rendered(part: Any) -> Any:
    """What a part renders, or an error in its place: one that fails does not take the page with it."""
    if not isinstance(part, MetaflowCardComponent):
        return part if isinstance(part, (str, dict)) else str(part)
    try:
        found = part.render()
    except Exception:  # noqa: BLE001 - the author's component may raise anything
        with standard_path():
            import traceback

        return ErrorComponent(f"{type(part).__name__} could not be shown", traceback.format_exc()).render()
    if isinstance(found, (str, dict)):
        return found
    text = f"render() gave a {type(found).__name__}, where text or a dict is wanted"
    return ErrorComponent(f"{type(part).__name__} could not be shown", text).render()
