"""The extension of VS Code in `editors/vscode`: it is what its makers' tool packs, and it starts the server that is named."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "editors" / "vscode"
VSCE = "@vscode/vsce@3"


def _called(words: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension with what it needs, and the tool that packs it."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm: the extension was not packed")
    found = tmp_path_factory.mktemp("vscode") / "flowc"
    shutil.copytree(SOURCE, found, ignore=shutil.ignore_patterns("node_modules"))
    quiet = ["--silent", "--no-audit", "--no-fund"]
    for words in ([npm, "install", *quiet], [npm, "install", *quiet, "--prefix", str(found.parent / "tool"), VSCE]):
        if _called(words, found).returncode:
            pytest.skip("npm cannot have what the extension needs: it was not packed")
    return found


@pytest.mark.sampled("alone")
def test_it_is_packed_with_what_it_needs_and_nothing_else(folder: Path) -> None:
    tool = folder.parent / "tool" / "node_modules" / ".bin" / "vsce"
    done = _called([str(tool), "package", "--allow-missing-repository", "--out", "flowc.vsix"], folder)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(folder / "flowc.vsix") as packed:
        names = set(packed.namelist())
        told = json.loads(packed.read("extension/package.json"))
    assert f"extension/{told['main'].removeprefix('./')}" in names
    assert "extension/node_modules/vscode-languageclient/package.json" in names
    own = {name for name in names if name.startswith("extension/") and "/node_modules/" not in name}
    assert {name.lower() for name in own} == {
        f"extension/{name}" for name in ("package.json", "extension.js", "license.txt", "readme.md")
    }


STAND_IN = """
const Module = require("module");
const asked = [];
class LanguageClient {
  constructor(id, name, server, options) { Object.assign(this, { server, options }); }
  async start() { asked.push("start"); }
  async stop() { asked.push("stop"); }
}
const shown = [];
const vscode = {
  ViewColumn: { Beside: 2 },
  workspace: {
    workspaceFolders: [{ uri: { fsPath: "/work" } }],
    getConfiguration: () => ({ get: () => ["here/flowc", "lsp"] }),
    openTextDocument: async (what) => what,
  },
  window: { showTextDocument: async (what, where) => shown.push([what.content, where.viewColumn]) },
};
const load = Module._load;
Module._load = (name, ...rest) =>
  name === "vscode" ? vscode : name === "vscode-languageclient/node" ? { LanguageClient } : load(name, ...rest);
(async () => {
  const extension = require("./extension.js");
  const context = { subscriptions: [] };
  await extension.activate(context);
  const [client] = context.subscriptions;
  const run = client.options.middleware.executeCommand;
  await run("flowc.graph", [], async () => "start -> end");
  await run("another", [], async () => "not ours");
  await extension.deactivate();
  console.log(JSON.stringify({ asked, shown, server: client.server, selects: client.options.documentSelector }));
})();
"""


def test_it_starts_the_server_that_is_named_and_shows_graphs_beside_the_text(tmp_path: Path) -> None:
    """With stand-ins for what the editor gives: what the extension asks of it, and nothing of how that looks."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node: the extension was not started")
    shutil.copy(SOURCE / "extension.js", tmp_path)
    (tmp_path / "run.js").write_text(STAND_IN, encoding="utf-8")
    done = _called([node, "run.js"], tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["asked"] == ["start", "stop"]
    assert told["shown"] == [["start -> end", 2]]
    assert told["server"] == {"command": "here/flowc", "args": ["lsp"], "options": {"cwd": "/work"}}
    assert told["selects"] == [{"scheme": "file", "language": "python"}]
