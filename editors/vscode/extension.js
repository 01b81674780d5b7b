"use strict";
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

/** Start the server for Python files; a lens above a flow shows its graph beside the text. */
async function activate(context) {
  const [command, ...args] = vscode.workspace.getConfiguration("flowc").get("command");
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  client = new LanguageClient(
    "flowc",
    "flowc",
    { command, args, options: { cwd: folder } },
    {
      documentSelector: [{ scheme: "file", language: "python" }],
      middleware: {
        async executeCommand(name, words, next) {
          const text = await next(name, words);
          if (name === "flowc.graph" && text) {
            const shown = await vscode.workspace.openTextDocument({ content: text, language: "plaintext" });
            await vscode.window.showTextDocument(shown, { viewColumn: vscode.ViewColumn.Beside, preview: true });
          }
          return text;
        },
      },
    }
  );
  context.subscriptions.push(client);
  await client.start();
}

async function deactivate() {
  await client?.stop();
}

module.exports = { activate, deactivate };
