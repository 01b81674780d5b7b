"""The real mermaid, of npm, as a reader of pictures: without a browser, so it parses and does not draw."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

from tests.engines.npm import installed

PACKAGES = ("mermaid@11.12.0", "jsdom@26.1.0")

_READER = """
import fs from "fs";
import { JSDOM } from "jsdom";
const dom = new JSDOM("<!DOCTYPE html><body></body>");
globalThis.window = dom.window;
globalThis.document = dom.window.document;
const mermaid = (await import("mermaid")).default;
mermaid.initialize({ startOnLoad: false, securityLevel: "strict" });
const told = [];
for (const text of JSON.parse(fs.readFileSync(0, "utf8"))) {
  try {
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
    const nodes = [...db.getVertices().values()].map((each) => [each.id, each.text, each.classes]);
    told.push({ nodes, edges: db.getEdges().map((each) => [each.start, each.end, each.text, each.stroke]) });
  } catch (error) {
    told.push({ error: String(error) });
  }
}
process.stdout.write(JSON.stringify(told));
"""


def read(pictures: list[str]) -> list[dict[str, Any]]:
    """What it finds in each picture: nodes and edges with their texts, or an error. Skips the test where it cannot be had."""
    folder = installed("mermaid", *PACKAGES).parent
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", _READER],
        cwd=folder,
        input=json.dumps(pictures),
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def written(text: str) -> str:
    """The text that it draws for one that it has read: it keeps numbers of characters aside until then."""
    return re.sub("\ufb02\u00b0\u00b0([0-9]+)\u00b6\u00df", lambda found: chr(int(found[1])), text)
