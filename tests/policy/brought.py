"""A distribution that is installed beside flowc, as an installer leaves it: its module, and its metadata."""

from __future__ import annotations

from pathlib import Path

HEAD = "from compiler.policy import Report, Rule, Plan, Span, Note\n"


def bring(
    folder: Path, text: str, *, name: str = "acme", value: str = "", distribution: str = "acme-flow-rules"
) -> None:
    """Put a module with rules, and the entry point that names them, into a folder that is looked for imports in."""
    module = distribution.replace("-", "_")
    (folder / f"{module}.py").write_text(HEAD + text)
    info = folder / f"{module}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[flowc.rules]\n{name} = {value or module + ':RULES'}\n")


def rule(code: str = "ACME001", body: str = "report.add(ONE, plan.flow.span, flow=plan.flow.name)", **more: str) -> str:
    """A module with one rule: its function has this body."""
    facts = {"name": "a-rule", "message": "about `{flow}`", "help": "do that", **more}
    words = ", ".join(f"{key}={text!r}" for key, text in facts.items())
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return f"ONE = Rule(code={code!r}, {words})\ndef one(plan, report):\n    '''Why it is so.'''\n{lines}RULES = {{ONE: one}}\n"
