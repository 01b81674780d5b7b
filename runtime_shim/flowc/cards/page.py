"""The page of a card: rendered parts to one HTML text that needs nothing else, no script and no network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any

from flowc.cards import markdown
from flowc.cards.style import STYLE
from flowc.cards.vega import svg

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(title: str, parts: Iterable[Any]) -> str:
    """One HTML page of parts, each as it was rendered: text, or a dict with its `type`."""
    body = "\n".join(part(found) for found in parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def part(found: Any) -> str:
    """The HTML of one part. What has no known type is shown as JSON."""
    if not isinstance(found, Mapping):
        return f"<p>{_text(found)}</p>"
    known = _PARTS.get(str(found.get("type")))
    return known(found) if known else _code(_json(found))


def _text(value: Any) -> str:
    """Text that is shown as it is. A lone surrogate has no bytes, so it is shown by its number."""
    return escape(str(value).encode("utf-8", "backslashreplace").decode())


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _code(text: Any) -> str:
    return f"<pre><code>{_text(text)}</code></pre>"


def _heads(found: Mapping[str, Any], level: int = 2) -> str:
    title, subtitle = found.get("title"), found.get("subtitle")
    head = f"<h{level}>{_text(title)}</h{level}>" if title else ""
    return head + (f'<p class="subtitle">{_text(subtitle)}</p>' if subtitle else "")


def _section(found: Mapping[str, Any]) -> str:
    inner = "\n".join(part(each) for each in found.get("contents") or ())
    columns = found.get("columns")
    if isinstance(columns, int) and columns > 1:
        inner = f'<div class="columns" style="grid-template-columns: repeat({columns}, minmax(0, 1fr))">{inner}</div>'
    return f"<section>{_heads(found)}\n{inner}</section>"


def _table(found: Mapping[str, Any]) -> str:
    names, rows = found.get("columns") or [], found.get("data") or []
    if found.get("vertical"):
        lines = [[name, *(row[place] for row in rows)] for place, name in enumerate(names)]
        body = "".join(f"<tr><th>{_text(line[0])}</th>{_cells(line[1:])}</tr>" for line in lines)
        return f'{_heads(found, 3)}<div class="wide"><table>{body}</table></div>'
    head = "".join(f"<th>{_text(name)}</th>" for name in names)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    return (
        f'{_heads(found, 3)}<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _cells(row: Iterable[Any]) -> str:
    return "".join(f"<td>{part(cell) if isinstance(cell, Mapping) else _text(cell)}</td>" for cell in row)


def _artifacts(found: Mapping[str, Any]) -> str:
    given = found.get("data") or ()
    rows: list[Any] = list(given.values()) if isinstance(given, Mapping) else list(given)
    names = any(row.get("name") for row in rows)
    body = "".join(
        "<tr>"
        + (f"<th>{_text(row.get('name') or '')}</th>" if names else "")
        + f'<td class="dim">{_text(row.get("kind") or row.get("type") or "")}</td><td>{_value(row)}</td></tr>'
        for row in rows
    )
    return f'{_heads(found, 3)}<div class="wide"><table>{body}</table></div>'


def _value(row: Mapping[str, Any]) -> str:
    value = row.get("shown", row.get("data", ""))
    return part(value) if isinstance(value, Mapping) else f"<pre>{_text(value)}</pre>"


def _image(found: Mapping[str, Any]) -> str:
    src, label = str(found.get("src") or ""), found.get("label") or ""
    if not src.startswith("data:image/"):
        return f'<p class="dim">An image that lies elsewhere is not shown: {_text(src)}</p>'
    caption = f"<figcaption>{_text(label)}</figcaption>" if label else ""
    return f'{_heads(found, 3)}<figure><img src="{_text(src)}" alt="{_text(label)}">{caption}</figure>'


def _error(found: Mapping[str, Any]) -> str:
    return f'<div class="error"><strong>{_text(found.get("title") or "error")}</strong>{_code(found.get("data") or "")}</div>'


def _chart(found: Mapping[str, Any]) -> str:
    spec = found.get("spec")
    drawn = svg(spec)
    title = spec.get("title") if isinstance(spec, Mapping) else None
    caption = title.get("text") if isinstance(title, Mapping) else title
    head = f"<figcaption>{_text(caption)}</figcaption>" if caption else ""
    text = _code(_json(spec))
    if drawn is None:
        note = "A chart that this page cannot draw; its Vega-Lite specification:"
        return f'<figure>{head}<p class="dim">{note}</p>{text}</figure>'
    return f"<figure>{head}{drawn}<details><summary>specification</summary>{text}</details></figure>"


def _progress(found: Mapping[str, Any]) -> str:
    value, most, unit = found.get("value"), found.get("max"), found.get("unit") or ""
    said = " ".join(
        _text(each) for each in (found.get("label"), f"{value}{unit} of {most}{unit}", found.get("details")) if each
    )
    return f'<div><span class="dim">{said}</span><progress value="{_text(value)}" max="{_text(most)}"></progress></div>'


_THEMES = frozenset({"success", "warning", "danger", "primary", "error"})


def _box(found: Mapping[str, Any]) -> str:
    theme = f" {found['theme']}" if found.get("theme") in _THEMES else ""
    rest = "".join(
        f'<div class="dim">{_text(found[name])}</div>' for name in ("change_indicator", "subtitle") if found.get(name)
    )
    head = f'<span class="dim">{_text(found.get("title") or "")}</span>'
    return f'<div class="box{theme}">{head}<b>{_text(found.get("value"))}</b>{rest}</div>'


def _viewer(name: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda found: (
        f"<details open><summary>{_text(found.get('title') or '')}</summary>{_code(found.get(name) or '')}</details>"
    )


def _timeline(found: Mapping[str, Any]) -> str:
    stats = found.get("stats") or {}
    shown = f"{stats.get('displayed_events', 0)} of {stats.get('total_events', 0)} events"
    return f'<div>{_heads(found, 3)}<p class="dim">{_text(shown)}</p>{"".join(_event(event) for event in found.get("events") or ())}</div>'


def _event(event: Mapping[str, Any]) -> str:
    theme = f" {event['theme']}" if event.get("theme") in _THEMES else ""
    facts = " · ".join(f"<b>{_text(name)}</b> {_text(value)}" for name, value in event["data"].items())
    below = "".join(
        f"<details><summary>{_text(name)}</summary>{part(found)}</details>" for name, found in event["payloads"].items()
    )
    return f'<div class="event{theme}">{facts}{below}</div>'


_PARTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "title": lambda found: f"<h1>{_text(found.get('text', ''))}</h1>",
    "subtitle": lambda found: f'<p class="subtitle">{_text(found.get("text", ""))}</p>',
    "text": lambda found: f"<p>{_text(found.get('text', ''))}</p>",
    "heading": lambda found: _heads(found, 1),
    "markdown": lambda found: f"<div>{markdown.html(str(found.get('source', '')))}</div>",
    "html": lambda found: str(found.get("data", "")),
    "log": lambda found: _heads(found, 3) + _code(found.get("data") or ""),
    "pythonCode": lambda found: _heads(found, 3) + _code(found.get("data") or found.get("code") or ""),
    "section": _section,
    "page": _section,
    "table": _table,
    "artifacts": _artifacts,
    "image": _image,
    "error": _error,
    "vegaChart": _chart,
    "progressBar": _progress,
    "valueBox": _box,
    "jsonViewer": _viewer("json_string"),
    "yamlViewer": _viewer("yaml_string"),
    "eventsTimeline": _timeline,
}
