"""The components that authors put on cards: `current.card.append(Markdown('# It went well'))`."""

from __future__ import annotations

import base64
import inspect
import io
import json
import textwrap
import traceback
from collections.abc import Mapping
from typing import Any

from flowc.cards.component import ErrorComponent, MetaflowCardComponent, UserComponent, rendered
from flowc.cards.short_text import is_frame, shown, table_of

__all__ = [
    "Artifact",
    "Error",
    "EventsTimeline",
    "Image",
    "JSONViewer",
    "Markdown",
    "ProgressBar",
    "PythonCode",
    "Table",
    "ValueBox",
    "VegaChart",
    "YAMLViewer",
]


class Markdown(UserComponent):
    """Markdown: headings, lists, tables, code, emphasis and links. HTML in it is shown, not obeyed."""

    REALTIME_UPDATABLE = True

    def __init__(self, text: str | None = None) -> None:
        self._text = text

    def update(self, text: str | None = None) -> None:
        """Show another text."""
        self._text = text

    def render(self) -> dict[str, Any]:
        """The text without common indentation."""
        return {"type": "markdown", "source": textwrap.dedent(str(self._text or ""))}


class Artifact(UserComponent):
    """A value as short text, with its type."""

    REALTIME_UPDATABLE = True

    def __init__(self, artifact: Any, name: str | None = None, compressed: bool = True) -> None:
        self._artifact, self._name, self._compressed = artifact, name, compressed

    def update(self, artifact: Any) -> None:
        """Show another value."""
        self._artifact = artifact

    def render(self) -> dict[str, Any]:
        """Name, type and text."""
        value = self._artifact
        found = {"name": self._name, "kind": type(value).__qualname__, "shown": shown(value, self._compressed)}
        return {"type": "artifacts", "data": [found]}


class Table(UserComponent):
    """Rows of values or of other components, below headers."""

    REALTIME_UPDATABLE = True

    def __init__(self, data: Any = None, headers: Any = None, disable_updates: bool = False) -> None:
        self._set(data, headers)
        self._fixed = disable_updates

    def _set(self, data: Any, headers: Any) -> None:
        rows = [[]] if data is None else data
        if not isinstance(rows, list) or not all(isinstance(row, (list, tuple)) for row in rows):
            raise TypeError("Table(data=…) wants a list of rows, each a list")
        self._data, self._headers = rows, list(headers or [])

    @classmethod
    def from_dataframe(cls, dataframe: Any = None, truncate: bool = True) -> Any:
        """A pandas or polars DataFrame; only its first rows and columns unless `truncate` is False."""
        if not is_frame(dataframe):
            return ErrorComponent(
                "Table.from_dataframe shows a DataFrame of pandas or polars", f"it was given a {type(dataframe)}"
            )
        found = table_of(dataframe, truncate)
        return cls(found["data"], found["columns"])

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Show other rows: the arguments are those of the table itself."""
        if self._fixed:
            raise ValueError("this table was made with disable_updates=True")
        given = Table(*args, **kwargs)
        self._set(given._data, given._headers)

    def render(self) -> dict[str, Any]:
        """The headers and each cell."""
        rows = [[_cell(value) for value in row] for row in self._data]
        return {"type": "table", "columns": [str(name) for name in self._headers], "data": rows}


def _cell(value: Any) -> Any:
    return rendered(value) if isinstance(value, (MetaflowCardComponent, str)) else shown(value, True)


_SIGNS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
)


def _image_type(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return next((kind for sign, kind in _SIGNS if data.startswith(sign)), None)


class Image(UserComponent):
    """A picture from bytes of PNG, JPEG, GIF, WebP, BMP or TIFF, from Pillow or from matplotlib."""

    REALTIME_UPDATABLE = True

    def __init__(self, src: Any = None, label: str | None = None, disable_updates: bool = True) -> None:
        self._set(src, label)

    def _set(self, src: Any, label: str | None) -> None:
        self._label, self._src, self._error = label, "", ""
        data = src.encode() if isinstance(src, str) else src
        if isinstance(src, str) and src.startswith("data:image/"):
            self._src = src
        elif not isinstance(data, (bytes, bytearray)) or (kind := _image_type(bytes(data))) is None:
            self._error = f"an Image is made of the bytes of a picture, not of a {type(src).__name__}"
        else:
            self._src = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"

    @classmethod
    def from_pil_image(cls, pilimage: Any, label: str | None = None, disable_updates: bool = False) -> Image:
        """A picture of Pillow's, as PNG."""
        return cls(_saved(pilimage, "save"), label)

    @classmethod
    def from_matplotlib(cls, plot: Any, label: str | None = None, disable_updates: bool = False) -> Image:
        """A figure of matplotlib's, or the one that axes lie in, as PNG."""
        figure = plot if hasattr(plot, "savefig") else getattr(plot, "figure", plot)
        return cls(_saved(figure, "savefig"), label)

    def update(self, image: Any, label: str | None = None) -> None:
        """Show another picture: bytes, of Pillow's, or of matplotlib's."""
        if hasattr(image, "savefig") or hasattr(image, "figure"):
            image = _saved(image if hasattr(image, "savefig") else image.figure, "savefig")
        elif hasattr(image, "save"):
            image = _saved(image, "save")
        self._set(image, self._label if label is None else label)

    def render(self) -> dict[str, Any]:
        """The picture as a data URL."""
        if self._error:
            return ErrorComponent("the image could not be shown", self._error).render()
        return {"type": "image", "src": self._src, "label": self._label}


def _saved(picture: Any, method: str) -> Any:
    """The picture as PNG; what it is, where it cannot be saved."""
    out = io.BytesIO()
    try:
        getattr(picture, method)(out, format="PNG" if method == "save" else "png")
    except AttributeError:
        return picture
    return out.getvalue()


class Error(UserComponent):
    """An exception, with its traceback where it was raised."""

    def __init__(self, exception: Any, title: str | None = None) -> None:
        self._exception, self._title = exception, title

    def render(self) -> dict[str, Any]:
        """The exception as Python prints it."""
        error = self._exception
        text = (
            "".join(traceback.format_exception(type(error), error, error.__traceback__))
            if isinstance(error, BaseException)
            else str(error)
        )
        return {"type": "error", "title": self._title or type(error).__name__, "data": text}


class ProgressBar(UserComponent):
    """How far something has come; the page shows where it ended."""

    REALTIME_UPDATABLE = True

    def __init__(
        self,
        max: int = 100,
        label: str | None = None,
        value: float = 0,
        unit: str | None = None,
        metadata: str | None = None,
    ) -> None:
        self._max, self._label, self._value, self._unit, self._metadata = max, label, value, unit, metadata

    def update(self, new_value: float, metadata: str | None = None) -> None:
        """Say how far it is now."""
        self._value = new_value
        if metadata is not None:
            self._metadata = metadata

    def render(self) -> dict[str, Any]:
        """The numbers and what stands beside them."""
        found = {"max": self._max, "value": self._value, "label": self._label, "unit": self._unit}
        return {"type": "progressBar", **found, "details": self._metadata}


class ValueBox(UserComponent):
    """One value, large, with a title."""

    REALTIME_UPDATABLE = True

    def __init__(
        self,
        title: str | None = None,
        value: str | float = "",
        subtitle: str | None = None,
        theme: str | None = None,
        change_indicator: str | None = None,
    ) -> None:
        self._fields: dict[str, Any] = {
            "title": title, "value": value, "subtitle": subtitle, "theme": theme, "change_indicator": change_indicator,
        }  # fmt: skip

    def update(
        self,
        title: Any = None,
        value: Any = None,
        subtitle: Any = None,
        theme: Any = None,
        change_indicator: Any = None,
    ) -> None:
        """Show other values; what is None stays."""
        given = {"title": title, "value": value, "subtitle": subtitle, "theme": theme}
        given["change_indicator"] = change_indicator
        self._fields.update({name: new for name, new in given.items() if new is not None})

    def render(self) -> dict[str, Any]:
        """The value and what stands around it."""
        return {"type": "valueBox", **self._fields}


class VegaChart(UserComponent):
    """A chart by its Vega-Lite specification: simple ones are drawn, of others the specification is shown."""

    REALTIME_UPDATABLE = True

    def __init__(self, spec: Mapping[str, Any], show_controls: bool = False) -> None:
        self._spec, self._controls = spec, show_controls

    @classmethod
    def from_altair_chart(cls, altair_chart: Any) -> VegaChart:
        """A chart of altair's."""
        return cls(altair_chart.to_dict())

    def update(self, spec: Mapping[str, Any] | None = None) -> None:
        """Show another chart."""
        if spec is not None:
            self._spec = spec

    def render(self) -> dict[str, Any]:
        """The specification."""
        return {"type": "vegaChart", "spec": self._spec}


class PythonCode(UserComponent):
    """Code: of a function, or as text."""

    def __init__(self, code_func: Any = None, code_string: str | None = None) -> None:
        self._code = inspect.getsource(code_func) if code_func is not None else code_string

    def render(self) -> dict[str, Any]:
        """The code without common indentation."""
        if self._code is None:
            return ErrorComponent("PythonCode has no code", "give it code_func or code_string").render()
        return {"type": "pythonCode", "data": textwrap.dedent(self._code)}


class JSONViewer(UserComponent):
    """A value as JSON, indented."""

    REALTIME_UPDATABLE = True

    def __init__(
        self,
        data: Any,
        collapsible: bool = True,
        max_height: str | None = None,
        show_copy_button: bool = True,
        title: str | None = None,
    ) -> None:
        self._data, self._title = data, title

    def update(self, data: Any) -> None:
        """Show another value."""
        self._data = data

    def render(self) -> dict[str, Any]:
        """The value as text."""
        return {"type": "jsonViewer", "title": self._title or "JSON", "json_string": _json(self._data)}


class YAMLViewer(JSONViewer):
    """YAML as it was written; a value where PyYAML is installed, else as JSON, which is YAML too."""

    def render(self) -> dict[str, Any]:
        """The value as text."""
        return {"type": "yamlViewer", "title": self._title or "YAML", "yaml_string": self._yaml()}

    def _yaml(self) -> str:
        if isinstance(self._data, str):
            return self._data
        try:
            from importlib import import_module

            return str(import_module("yaml").safe_dump(self._data, sort_keys=False, allow_unicode=True))
        except Exception:  # noqa: BLE001 - not installed, or a value that YAML has no word for
            return _json(self._data)


def _json(value: Any) -> str:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


class EventsTimeline(UserComponent):
    """What happened, the newest first."""

    REALTIME_UPDATABLE = True

    def __init__(self, title: str | None = None, max_events: int = 100) -> None:
        self._title, self._kept, self._count, self._finished = title, max_events, 0, False
        self._events: list[dict[str, Any]] = []

    def update(
        self,
        event_data: Mapping[str, Any],
        style_theme: str | None = None,
        priority: str | None = None,
        payloads: Mapping[str, Any] | None = None,
        finished: bool | None = None,
    ) -> None:
        """Another event; of more than `max_events` the oldest go."""
        event = {"data": dict(event_data), "theme": style_theme, "priority": priority}
        self._events = [{**event, "payloads": dict(payloads or {})}, *self._events][: self._kept]
        self._count += 1
        self._finished = self._finished if finished is None else finished

    def get_stats(self) -> dict[str, Any]:
        """How many there were, and how many are shown."""
        return {"total_events": self._count, "displayed_events": len(self._events), "finished": self._finished}

    def render(self) -> dict[str, Any]:
        """The events that are kept."""
        events = [
            {**event, "payloads": {name: rendered(part) for name, part in event["payloads"].items()}}
            for event in self._events
        ]
        return {"type": "eventsTimeline", "title": self._title, "events": events, "stats": self.get_stats()}
