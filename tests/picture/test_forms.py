"""What authors have written is data in every form, and each form is what readers of it take."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from compiler.ir.plan import Plan
from compiler.ir.planner import plan
from compiler.picture.drawing import Drawing, Since, draw
from compiler.picture.escaping import dot, plain, script, xml
from compiler.picture.forms import written
from compiler.picture.marks import flow_facts
from compiler.workspace.settings import read_settings
from tests.difference.telling import mermaid
from tests.picture.pictures import TABLES, generated, parsed

HOSTILE = (
    "</script><script>alert(1)</script>",
    "--> <!-- ]]> <![CDATA[",
    "'\"`&amp;&#x27;%>{{7*7}}{%raw%}",
    '"] --> s0["; click s0 call x()',
    "end\nsubgraph x\nstyle s0 fill:red",
    'a\\"] ; b -> c [label="\\N\\G\\',
    "\x00\x08\x1b[2J\x9b8m\x7f",
    "\ud800 \ufffe \uffff \u202e \u2028",
    "%%{init: {'securityLevel': 'loose'}}%%",
    "javascript:alert(1) onload=alert(1)",
    "日本語 é 🎬 " + "x" * 300,
)

SOURCE = """from metaflow import FlowSpec, Parameter, card, environment, step, trigger


@trigger(event="came")
class HostileFlow(FlowSpec):
    {text!r}

    told = Parameter("told", help={text!r}, default={text!r})

    @environment(vars={{"NAMED": {held!r}}})
    @step
    def start(self):
        {text!r}
        self.way = {text!r}
        self.next({{{text!r}: self.one, "b": self.end}}, condition="way")

    @card(id={held!r})
    @step
    def one(self):
        {text!r}
        self.next(self.end)

    @step
    def end(self):
        pass
"""
FORMS = ("mermaid", "dot", "svg", "html", "graphml", "gexf", "json")
XML_FORMS = ("svg", "graphml", "gexf")


def _hostile(text: str, folder: Path) -> tuple[Drawing, Plan]:
    held = re.sub("[\0\ud800-\udfff]", "", text)  # what no decorator may hold
    found = parsed(SOURCE.format(text=text, held=held), folder)
    since = Since(text, {"one": "changed"}, ((text, f"went to {text}"),))
    return draw(found, flow_facts(found), since), found


def _made(found: Plan) -> tuple[object, ...]:
    from compiler.picture.facts import made

    return made(found.flow, read_settings(Path(found.flow.root)), (), {})


def _text(form: str, drawing: Drawing, found: Plan) -> str:
    return written(form, drawing, found, _made(found) if form in ("html", "json") else ())  # type: ignore[arg-type]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("form", XML_FORMS)
def test_xml_is_xml_whatever_stands_in_it(form: str, text: str, tmp_path: Path) -> None:
    made = ET.fromstring(_text(form, *_hostile(text, tmp_path)))
    assert {re.sub("{.*}", "", each.tag) for each in made.iter()} <= {
        *("svg", "style", "g", "defs", "marker", "path", "rect", "text", "title"),
        *("graphml", "graph", "key", "node", "edge", "data"),
        *("gexf", "nodes", "edges", "attributes", "attribute", "attvalues", "attvalue", "default"),
    }
    assert not [name for each in made.iter() for name in each.attrib if name.startswith("on") or name.endswith("href")]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("form", FORMS)
def test_no_form_holds_what_a_terminal_or_xml_would_not_take(form: str, text: str, tmp_path: Path) -> None:
    made = _text(form, *_hostile(text, tmp_path))
    assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e]", made) == []
    assert form == "json" or not re.search("[\ufffe\uffff]", made)
    assert made.encode()


class _Page(HTMLParser):
    """The elements of a page, and the text of each script and style."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.inside.append("")
            self.is_in = True

    is_in = False

    def handle_endtag(self, tag: str) -> None:
        self.is_in = self.is_in and tag not in ("script", "style")

    def handle_data(self, data: str) -> None:
        if self.is_in:
            self.inside[-1] += data
        else:
            self.texts.append(data)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_page_has_the_same_elements_whatever_stands_in_it(text: str, tmp_path: Path) -> None:
    pages = []
    for name, each in (("a", text), ("b", "plain")):
        (tmp_path / name).mkdir()
        page = _Page()
        page.feed(_text("html", *_hostile(each, tmp_path / name)))
        pages.append(page)
    page, usual = pages
    kept = {"class", "id", "role", "type", "http-equiv", "href", "src", "hidden"}
    shapes = [
        [(tag, {key: value for key, value in found.items() if key in kept}) for tag, found in each.tags]
        for each in pages
    ]
    assert shapes[0] == shapes[1]
    style, data, code = page.inside
    assert (style, code) == (usual.inside[0], usual.inside[2])
    told = json.loads(data)["steps"]["step-start"]
    assert told["decorators"][0].startswith("@environment")
    assert not [name for _, found in page.tags for name in found if name.startswith("on") or name == "style"]
    assert [found["href"] for _, found in page.tags if "href" in found] == ["data:,"]
    assert not [found for _, found in page.tags if "src" in found]


STRICT_DOT = re.compile(
    r'\s*(?:(?:subgraph \w+ )?\{(?: label="(?:[^"\\]|\\.)*"; style="[a-z,]+";)?|\}|digraph "(?:[^"\\]|\\.)*" \{'
    r'|(?:graph|node|edge) \[[\w=, "]+\];|s\d+ \[label="(?:[^"\\\n]|\\[\\"n])*", fillcolor="[#\w]+"\];'
    r'|s\d+ -> s\d+(?: \[label="(?:[^"\\\n]|\\[\\"n])*"\])?;)'
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_dot_holds_lines_of_a_few_kinds(text: str, tmp_path: Path) -> None:
    """Each line is whole by a strict reader: no text ends its quotes, no backslash means something of dot's own."""
    for line in _text("dot", *_hostile(text, tmp_path)).splitlines():
        assert STRICT_DOT.fullmatch(line), line


def test_mermaid_reads_every_picture(tmp_path: Path) -> None:
    """The real parser: as many nodes and ways as there are, and texts that are only texts."""
    hostile = [_text("mermaid", *_hostile(text, tmp_path)) for text in HOSTILE]
    plain_ones = [written("mermaid", draw(plan(flow)), plan(flow), ()) for flow in TABLES.values()]
    found = mermaid.read([*hostile, *plain_ones])
    assert [each["error"] for each in found if "error" in each] == []
    for each in found[: len(HOSTILE)]:
        assert len(each["nodes"]) == 4
        assert [(one, other) for one, other, _, _ in each["edges"]] == [("s0", "s1"), ("s0", "s2"), ("s1", "s2")]
    for each, flow in zip(found[len(HOSTILE) :], TABLES.values(), strict=True):
        assert len(each["nodes"]) == len(flow.steps)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(4))
def test_each_form_is_the_same_from_process_to_process(form: str, seed: int, tmp_path: Path) -> None:
    found = generated(seed, tmp_path)
    drawing = draw(found, flow_facts(found))
    assert _text(form, drawing, found) == _text(form, draw(found, flow_facts(found)), found)


def test_nothing_depends_on_hashes(tmp_path: Path) -> None:
    found = generated(7, tmp_path)
    path = tmp_path / found.flow.path
    made = [list(_printed(path, seed)) for seed in ("1", "2")]
    assert made[0] == made[1]


def _printed(path: Path, seed: str) -> Iterator[str]:
    for form in FORMS:
        command = [sys.executable, "-m", "compiler", "graph", str(path), "--format", form]
        env = {"PYTHONHASHSEED": seed, "HOME": str(path.parent)}
        yield subprocess.run(
            command, cwd=Path(__file__).parents[2], env=env, capture_output=True, check=True, text=True
        ).stdout


def test_a_network_has_the_steps_and_ways(tmp_path: Path) -> None:
    import networkx

    found = plan(TABLES["crosswise"])
    path = tmp_path / "f.graphml"
    path.write_text(written("graphml", draw(found), found, ()), encoding="utf-8")
    read = networkx.read_graphml(path)
    assert set(read.nodes) == set(found.flow.steps)
    assert set(read.edges) == {
        *(("start", "a"), ("start", "b"), ("start", "c"), ("a", "m"), ("b", "m"), ("b", "n"), ("c", "d"), ("d", "n")),
        *(("m", "end"), ("n", "end")),
    }
    assert read.edges["b", "n"]["keys"] == '"1"'


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_escaping(text: str) -> None:
    assert ET.fromstring(f"<a b='{xml(text)}'>{xml(text)}</a>").text == plain(text)
    assert "</" not in script(json.dumps(text))
    assert json.loads(script(json.dumps(text))) == text
    assert re.fullmatch(r'"(?:[^"\\\n]|\\[\\"n])*"', dot(text))


SIMPLE = """
import sys
from compiler.cli import run
run(sys.argv[1:])
print([name for name in ("jinja2", "networkx", "yaml", "xml.etree.ElementTree") if name in sys.modules], file=sys.stderr)
"""


@pytest.mark.parametrize("form", ["text", "mermaid", "dot", "svg"])
def test_a_simple_form_imports_no_library(form: str) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", SIMPLE, "graph", "examples/branch.py", "--format", form]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True)
    assert done.stderr.strip() == "[]"
