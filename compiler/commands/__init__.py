"""One module a command; each holds its click command as COMMAND and is imported only when it is named.

May import: everything but another command (`target` makes the verbs of each target by name); what several share stands in
`compiler.call`, `compiler.operate` and `compiler.terminal`. Those of runs, of deployments and of pictures have rooms of their own.
Start reading in `check`.
"""

from __future__ import annotations

from collections.abc import Mapping

from compiler.slotted_class import record


@record
class Entry:
    """A command that is imported when it is named: the module that holds it as COMMAND, and its line in the help."""

    module: str
    help: str


COMMANDS: Mapping[str, Entry] = {
    "check": Entry("check", "Find all mistakes of flows, without importing them."),
    "fix": Entry("fix", "Put right what can only have been meant in one way."),
    "explain": Entry("explain", "Say what a code such as FC202 means, with a flow put right."),
    "list": Entry("list", "List the flows of the workspace."),
    "run": Entry("run", "Run a flow on this machine."),
    "show": Entry("views.show", "Print the graph of a flow."),
    "graph": Entry("views.graph", "Draw a flow: a page, SVG, mermaid, dot and others."),
    "diff": Entry("diff", "Say what differs between two states of flows: what a pull request means."),
    "ir": Entry("ir", "Print a flow as JSON: what its source says, or what was decided."),
    "runs": Entry("runs.runs", "List the runs of a flow."),
    "inspect": Entry("runs.inspect", "Show a run, its tasks and their artifacts."),
    "replay": Entry("runs.replay", "Do a task of any run again here, and say what differs."),
    "verify": Entry("verify", "Say whether all that a run has left is what was written."),
    "status": Entry("runs.status", "Say how a run stands, here or on its engine, and why."),
    "wait": Entry("runs.wait", "Wait until a run has ended."),
    "logs": Entry("runs.logs", "Print what the tasks of a run have printed."),
    "retry": Entry("runs.retry", "Do again what has failed in a run."),
    "terminate": Entry("runs.terminate", "End a run."),
    "open": Entry("runs.open", "Open the page of a run in its engine's interface."),
    "ui": Entry("views.ui", "Show flows and their runs in the browser."),
    "doctor": Entry("deployments.doctor", "Look whether a target's engine can be reached, and what is in the way."),
    "delete": Entry("delete", "Delete runs with all that they left."),
    "gc": Entry("gc", "Delete old runs, and what was never finished."),
    "card": Entry("runs.card", "List, print or open the pages that steps with @card left."),
    "package": Entry("package", "Write the code of a flow as one archive, named by its content."),
    "image": Entry("image", "Print the Dockerfile of a flow, or build its image."),
    "lsp": Entry("views.lsp", "Answer an editor: findings as one types, fixes, hovers, renames."),
    "completion": Entry("completion", "Print what lets bash, zsh or fish complete calls."),
    "config": Entry("config", "Say which settings hold, and where each comes from."),
}
TARGETS: Mapping[str, Entry] = {
    "airflow": Entry("target", "Compile flows into Airflow DAG files, deploy and start them."),
    "argo": Entry("target", "Compile flows into Argo WorkflowTemplates, deploy and start them."),
    "step-functions": Entry("target", "Compile flows into AWS Step Functions state machines, deploy and start them."),
}
