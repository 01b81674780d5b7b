"""Markdown to HTML: the part of it that cards use. All text is escaped; links lead to http, https and mailto only."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from html import escape

_FENCE = re.compile(r"^(`{3,}|~{3,})\s*[\w+-]*\s*$")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
_RULE = re.compile(r"^\s*([-*_])(\s*\1){2,}\s*$")
_ITEM = re.compile(r"^(\s*)([-*+]|\d+[.)])\s+(.*)$")
_CELLS = re.compile(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
_CODE = re.compile(r"(`+)(.+?)\1")
_SPANS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*|(?<!\w)__(?=\S)(.+?)(?<=\S)__(?!\w)"), "strong"),
    (re.compile(r"\*(?=\S)(.+?)(?<=\S)\*|(?<!\w)_(?=\S)(.+?)(?<=\S)_(?!\w)"), "em"),
    (re.compile(r"~~(?=\S)(.+?)(?<=\S)~~"), "del"),
)
_LINK = re.compile(r"!?\[([^\]\n]*)\]\(\s*<?((?:https?://|mailto:|#)[^\s)>]*)>?(?:\s+[^)]*)?\)")
_HELD = re.compile("\x00(\\d+)\x00")


def html(source: str) -> str:
    """The HTML of a text."""
    return "\n".join(_blocks(source.replace("\x00", "").replace("\r\n", "\n").split("\n")))


def _blocks(lines: list[str]) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        read = next(read for is_it, read in _KINDS if is_it(lines, at))
        text, at = read(lines, at)
        found.append(text)
    return found


def _fence(lines: list[str], at: int) -> tuple[str, int]:
    """Code between fences; to the end of the text where the second is missing."""
    fence = lines[at].strip()[:3]
    end = next((place for place in range(at + 1, len(lines)) if lines[place].strip().startswith(fence)), len(lines))
    code = escape("\n".join(lines[at + 1 : end]))
    return f"<pre><code>{code}</code></pre>", end + 1


def _heading(lines: list[str], at: int) -> tuple[str, int]:
    found = _HEADING.match(lines[at].strip())
    assert found, "it was seen to match"
    level = len(found[1])
    return f"<h{level}>{inline(found[2])}</h{level}>", at + 1


def _rule(_: list[str], at: int) -> tuple[str, int]:
    return "<hr>", at + 1


def _quote(lines: list[str], at: int) -> tuple[str, int]:
    end = _while(lines, at, lambda line: line.lstrip().startswith(">"))
    inner = [re.sub(r"^\s*> ?", "", line) for line in lines[at:end]]
    return f"<blockquote>{''.join(_blocks(inner))}</blockquote>", end


def _table(lines: list[str], at: int) -> tuple[str, int]:
    end = _while(lines, at + 2, lambda line: "|" in line)
    head = "".join(f"<th>{inline(cell)}</th>" for cell in _cells(lines[at]))
    rows = ("".join(f"<td>{inline(cell)}</td>" for cell in _cells(line)) for line in lines[at + 2 : end])
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>", end


def _cells(line: str) -> list[str]:
    return [cell.replace(r"\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def _list(lines: list[str], at: int) -> tuple[str, int]:
    """A list with what is indented below its items."""
    first = _ITEM.match(lines[at])
    assert first, "it was seen to match"
    depth, kind = len(first[1]), "ul" if first[2] in "-*+" else "ol"
    items: list[list[str]] = []
    while at < len(lines):
        found = _ITEM.match(lines[at])
        if found and len(found[1]) <= depth + 1:
            if ("ul" if found[2] in "-*+" else "ol") != kind or len(found[1]) < depth:
                break
            items.append([found[3]])
        elif lines[at].strip() and (lines[at].startswith(" " * (depth + 2)) or lines[at - 1].strip()):
            items[-1].append(lines[at][min(depth + 2, len(lines[at]) - len(lines[at].lstrip())) :])
        elif lines[at].strip() or not _goes_on(lines, at + 1, depth):
            break
        at += 1
    return f"<{kind}>{''.join(f'<li>{_item(item)}</li>' for item in items)}</{kind}>", at


def _goes_on(lines: list[str], at: int, depth: int) -> bool:
    """Whether a list goes on after an empty line."""
    return at < len(lines) and (_ITEM.match(lines[at]) is not None or lines[at].startswith(" " * (depth + 2)))


def _item(lines: list[str]) -> str:
    end = _while(lines, 0, lambda line: bool(line.strip()) and not _ITEM.match(line))
    end = max(end, 1)
    return inline("\n".join(lines[:end])) + "".join(_blocks(lines[end:]))


def _paragraph(lines: list[str], at: int) -> tuple[str, int]:
    end = at + 1
    while end < len(lines) and lines[end].strip() and not any(is_it(lines, end) for is_it, _ in _KINDS[:-1]):
        end += 1
    return f"<p>{inline(chr(10).join(line.strip() for line in lines[at:end]))}</p>", end


def _while(lines: list[str], at: int, holds: Callable[[str], bool]) -> int:
    while at < len(lines) and holds(lines[at]):
        at += 1
    return at


_KINDS: tuple[tuple[Callable[[list[str], int], bool], Callable[[list[str], int], tuple[str, int]]], ...] = (
    (lambda lines, at: bool(_FENCE.match(lines[at].strip())), _fence),
    (lambda lines, at: bool(_HEADING.match(lines[at].strip())), _heading),
    (lambda lines, at: bool(_RULE.match(lines[at])), _rule),
    (lambda lines, at: lines[at].lstrip().startswith(">"), _quote),
    (lambda lines, at: "|" in lines[at] and at + 1 < len(lines) and bool(_CELLS.match(lines[at + 1])), _table),
    (lambda lines, at: bool(_ITEM.match(lines[at])), _list),
    (lambda lines, at: True, _paragraph),
)


def inline(text: str) -> str:
    """The HTML of text within a block: code, links and emphasis; all else escaped."""
    held: list[str] = []

    def hold(fragment: str) -> str:
        held.append(fragment)
        return f"\x00{len(held) - 1}\x00"

    def link(match: re.Match[str]) -> str:
        return hold(f'<a href="{escape(match[2])}" rel="noopener noreferrer">') + match[1] + hold("</a>")

    text = _CODE.sub(lambda match: hold(f"<code>{escape(match[2].strip())}</code>"), text)
    text = re.sub(r"\\([\\`*_{}\[\]()#+\-.!|~>])", lambda match: hold(escape(match[1])), text)
    text = escape(_LINK.sub(link, text), quote=False)
    for pattern, tag in _SPANS:
        text = pattern.sub(partial(_wrapped, tag), text)
    text = re.sub(r"(  |\\)\n", "<br>\n", text)
    while _HELD.search(text):
        text = _HELD.sub(lambda match: held[int(match[1])], text)
    return text


def _wrapped(tag: str, match: re.Match[str]) -> str:
    inner = next(group for group in match.groups() if group is not None)
    return f"<{tag}>{inner}</{tag}>"
