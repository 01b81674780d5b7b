"""A team's own rules: found by the entry points of installed distributions, held to their form, and run.

An entry point of the group `flowc.rules` names a mapping from each `Rule` to its function. Nothing is read or imported but what the
settings name: reading the metadata of all packages takes 30 ms, and importing runs code.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Mapping
from contextlib import redirect_stdout
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from inspect import cleandoc
from string import Formatter
from typing import get_args

from compiler.diagnostics import Diagnostic, Report, Rule, Severity
from compiler.frontend.findings.suggest import did_you_mean
from compiler.ir.flow import Span
from compiler.ir.plan import Plan
from compiler.legible import legible
from compiler.policy import Check, findings
from compiler.policy.table import Policy
from compiler.slotted_class import record

GROUP = "flowc.rules"
_CODE = r"(?!FC\d)[A-Z]{2,16}\d{3,6}"
_NAME = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"


@record
class RuleSet:
    """The rules of one entry point; `distribution` with its version. Where it cannot be used, `fault` says why."""

    name: str
    distribution: str
    rules: Mapping[Rule, Check]
    fault: str = ""


def run_rules(policy: Policy, plan: Plan, report: Report) -> None:
    """Report what the team's own rules find; one that fails is a finding too, and the others go on."""
    place = policy.place("rules")
    for name in policy.rules:
        found = load(name)
        if found is None:
            known = sorted({entry.name for entry in entry_points(group=GROUP)})
            report.add(findings.RULES_MISSING, place, name=name, meant=did_you_mean(name, known))
        elif found.fault or (found := without_clash(found, policy.rules)).fault:
            facts = {"name": name, "distribution": found.distribution, "why": found.fault}
            report.add(findings.RULES_REFUSED, place, **facts)
        else:
            for rule, check in found.rules.items():
                if why := _run(rule, check, plan, report):
                    facts = {"code": rule.code, "distribution": found.distribution, "flow": plan.flow.name, "why": why}
                    report.add(findings.RULE_FAILED, place, **facts)


def _run(rule: Rule, check: Check, plan: Plan, report: Report) -> str:
    """What one rule finds goes into the report; why it failed, where it did. What it prints does not mix with the output."""
    found, why = Report(notes=report.notes), ""
    try:
        with redirect_stdout(sys.stderr):
            check(plan, found)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - somebody else's code; its bug is no crash of ours
        why = _told(error)
    for each in found.diagnostics:
        fault = _fault_of_finding(rule, each)
        if fault:
            why = why or fault
        else:
            report.take(_only(each, report))
    return why


def _only(finding: Diagnostic, like: Report) -> Report:
    return Report([finding], notes=like.notes)


def _fault_of_finding(rule: Rule, found: object) -> str:
    """Why something is no finding of a rule; empty where it is one."""
    if not isinstance(found, Diagnostic) or found.rule != rule:
        return "it has added a finding that is not its own"
    spans = (found.span, *(note.span for note in found.notes))
    if not all(isinstance(span, Span) and isinstance(span.path, str) and span.line >= 1 for span in spans):
        return "it has added a finding without a place: give it the `span` of a step, a decorator or the flow"
    return ""


def _told(error: BaseException) -> str:
    """An exception in a line: its words, and where it was raised."""
    words = " ".join(traceback.format_exception_only(error)[-1].split())
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if len(frames) > 1 else ""
    return words.replace("`", "'") + place


@cache
def load(name: str) -> RuleSet | None:
    """The rules of that name; None where nobody brings them."""
    entries = list(
        {(_distribution(entry), entry.value): entry for entry in entry_points(group=GROUP, name=name)}.values()
    )
    if not entries:
        return None
    brought = " and ".join(sorted(_distribution(entry) for entry in entries))
    if len(entries) > 1:
        return RuleSet(name, brought, {}, "more than one distribution brings rules of that name")
    try:
        found: object = entries[0].load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
        return RuleSet(name, brought, {}, f"importing `{entries[0].value}` raised {_told(error)}")
    fault = _fault(found, entries[0].value)
    return RuleSet(name, brought, found if isinstance(found, Mapping) and not fault else {}, fault)


def _distribution(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown distribution"


def _fault(found: object, value: str) -> str:
    """Why an object is no set of rules; empty where it is one."""
    if not isinstance(found, Mapping) or not found:
        return f"`{value}` is no mapping from rules to functions"
    for rule, check in found.items():
        if not isinstance(rule, Rule) or not callable(check):
            return f"`{value}` is no mapping from rules to functions: `{type(rule).__name__}: {type(check).__name__}`"
        if wrong := _fault_of_rule(rule):
            return wrong
    codes = [rule.code for rule in found]
    twice = [code for code in codes if codes.count(code) > 1]
    return f"two of its rules have the code {twice[0]}" if twice else ""


def _fault_of_rule(rule: Rule) -> str:
    texts = {"code": rule.code, "name": rule.name, "message": rule.message, "help": rule.help}
    if wrong := [name for name, text in texts.items() if not isinstance(text, str)]:
        return f"the {wrong[0]} of a rule is no text"
    if wrong := [name for name in ("message", "help") if not _is_template(texts[name])]:
        return f"the {wrong[0]} of {rule.code!r} is no template of `str.format`"
    if not re.fullmatch(_CODE, rule.code):
        return f"the code {rule.code!r} is not a prefix of its own and a number, as ACME001; FC is flowc's"
    if not re.fullmatch(_NAME, rule.name):
        return f"the name {rule.name!r} of {rule.code} is not small letters with dashes"
    if rule.severity not in get_args(Severity):
        return f"the severity {rule.severity!r} of {rule.code} is not one of {', '.join(get_args(Severity))}"
    return ""


def _is_template(text: str) -> bool:
    try:
        list(Formatter().parse(text))
    except ValueError:
        return False
    return True


def without_clash(rules: RuleSet, asked: tuple[str, ...]) -> RuleSet:
    """The same rules, or why not: another set that is asked for before it has one of its codes."""
    for name in asked[: asked.index(rules.name)]:
        other = load(name)
        both = {rule.code for rule in rules.rules} & {rule.code for rule in (other.rules if other else {})}
        if both and other:
            why = f"{min(both)} is also a rule of {other.distribution}"
            return RuleSet(rules.name, rules.distribution, {}, why)
    return rules


def explained() -> dict[str, dict[str, str]]:
    """All rules that can be used, whether any settings name them or not, by code: as `compiler/rules.json` has ours.

    Beside that `by`, who brings it, and `text`, the docstring of its function.
    """
    found: dict[str, dict[str, str]] = {}
    for name in sorted({entry.name for entry in entry_points(group=GROUP)}):
        brought = load(name)
        for rule, check in brought.rules.items() if brought else ():
            assert brought
            words = {"message": plain(rule.message), "help": plain(rule.help), "text": cleandoc(check.__doc__ or "")}
            entry = {"name": rule.name, "severity": rule.severity, "by": f"`{name}` of {brought.distribution}", **words}
            found.setdefault(rule.code, {key: legible(text) for key, text in entry.items() if text})
    return found


def plain(template: str) -> str:
    """A template as a sentence: facts stand as `<name>`."""
    parts = Formatter().parse(template)
    return "".join(text + (f"<{fact}>" if fact is not None else "") for text, fact, _, _ in parts)
