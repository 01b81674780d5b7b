"""A team's own rules: found where the settings name them, run with the flow's plan, and no crash of ours."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.policy.installed import load
from tests.policy.brought import bring, rule
from tests.policy.stage import TARGETS, codes, told, write
from tests.stages.command_line import Flowc

POLICY = '[tool.flowc.policy]\nrules = ["acme"]\n'


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is looked for distributions in; what was imported from it is forgotten afterwards."""
    place = tmp_path / "site"
    place.mkdir()
    monkeypatch.syspath_prepend(place)
    load.cache_clear()
    yield place
    load.cache_clear()
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(place)):
            del sys.modules[name]


@pytest.mark.parametrize("target", TARGETS)
def test_a_rule_holds_in_check_and_create(flowc: Flowc, folder: Path, site: Path, target: str) -> None:
    bring(site, rule())
    write(folder, POLICY)
    assert told(flowc) == told(flowc, "--target", target) == [("ACME001", 4)]
    assert "error[ACME001]: about `PricesFlow`" in flowc("check", "flow.py").out
    ended = flowc(target, "create", "flow.py", "-o", "out/")
    assert (ended.code, (folder / "out").exists()) == (1, False)
    write(folder, "[tool.flowc.policy]\n")
    assert flowc(target, "create", "flow.py", "-o", "out/").code == 0


def test_rules_are_imported_where_the_settings_name_them(flowc: Flowc, folder: Path, site: Path) -> None:
    """And nowhere else: being installed is not enough."""
    bring(site, f"open({str(folder / 'ran')!r}, 'w').close()\n" + rule())
    write(folder, "[tool.flowc.policy]\nlocked = true\n")
    assert told(flowc) == []
    assert not (folder / "ran").exists()
    write(folder, POLICY)
    assert codes(flowc) == {"ACME001"}
    assert (folder / "ran").exists()


def test_a_warning_fails_nothing_and_a_comment_silences_it_unless_the_policy_is_locked(
    flowc: Flowc, folder: Path, site: Path
) -> None:
    bring(site, rule(severity="warning"))
    write(folder, POLICY)
    assert flowc("check", "flow.py").code == 0
    assert codes(flowc) == {"ACME001"}
    text = (folder / "flow.py").read_text()
    (folder / "flow.py").write_text(text.replace("(FlowSpec):", "(FlowSpec):  # flowc: ignore[ACME001] why"))
    assert codes(flowc) == set()
    (folder / "pyproject.toml").write_text(POLICY + "locked = true\n")
    assert codes(flowc) == {"ACME001", "FC726"}


FAILING = {
    "an exception": ("1 / 0", "ZeroDivisionError: division by zero (", "acme_flow_rules.py:5)"),
    "an exit": ("raise SystemExit(0)", "SystemExit: 0", ""),
    "words on several lines": ("raise ValueError('a\\n`b`')", "ValueError: a 'b'", ""),
    "an exception without words": (
        "class Bad(Exception):\n    def __str__(self): raise ValueError\nraise Bad",
        "<exception str() failed>",
        "",
    ),
    "a fact too few": ("report.add(ONE, plan.flow.span)", "KeyError: 'flow'", ""),
    "another's rule": ("report.add(Rule('FC202', 'x', 'm', 'h'), plan.flow.span)", "not its own", ""),
    "no place": ("report.add(ONE, None, flow='x')", "without a place", ""),
    "a place in no line": ("report.add(ONE, Span('flow.py', 0, 1, 0, 2), flow='x')", "without a place", ""),
    "another call": ("report.add('ACME001')", "TypeError", ""),
    "a change of the plan": ("plan.flow = None", "AttributeError", ""),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_rule_that_fails_is_a_finding_with_its_distribution(
    flowc: Flowc, folder: Path, site: Path, name: str
) -> None:
    """At the line that asks for it; the other findings are all there, and nothing is written."""
    body, *said = FAILING[name]
    bring(site, rule(body=body))
    write(folder, POLICY + "flow_name = 'X'\n")
    ended = flowc("check", "flow.py", "--format", "json")
    found = {each["code"]: each for each in json.loads(ended.out)["diagnostics"]}
    assert (ended.code, set(found)) == (1, {"FC725", "FC709"})
    assert found["FC725"]["span"]["path"] == "pyproject.toml"
    for part in ("`PricesFlow`", "ACME001", "acme-flow-rules 1.2", *said):
        assert part in found["FC725"]["message"]
    assert flowc("argo", "create", "flow.py", "-o", "out/").code == 1
    assert not (folder / "out").exists()


def test_what_a_rule_prints_stays_out_of_the_output(flowc: Flowc, folder: Path, site: Path) -> None:
    bring(site, rule(body="print('looking')"))
    write(folder, POLICY)
    ended = flowc("check", "flow.py", "--format", "json")
    assert json.loads(ended.out)["diagnostics"] == []
    assert ended.err == "looking\n"


REFUSED = {
    "a bug when it is imported": ("1 / 0\nRULES = {}\n", "ZeroDivisionError"),
    "an exit when it is imported": ("import sys; sys.exit(3)\n", "SystemExit"),
    "nothing of that name": ("", "AttributeError"),
    "a list": (rule() + "RULES = [ONE]\n", "no mapping from rules to functions"),
    "no rules": ("RULES = {}\n", "no mapping from rules to functions"),
    "names instead of rules": (rule() + "RULES = {'ACME001': one}\n", "no mapping from rules to functions"),
    "no function": (rule() + "RULES = {ONE: 'one'}\n", "no mapping from rules to functions"),
    "a code of ours": (rule("FC999"), "FC is flowc's"),
    "no prefix": (rule("001"), "a prefix of its own"),
    "small letters": (rule("acme001"), "a prefix of its own"),
    "no severity": (rule(severity="fatal"), "'fatal'"),
    "a name with blanks": (rule(name="a rule"), "'a rule'"),
    "a message that is no template": (rule(message="about {flow"), "no template"),
    "a code twice": (rule() + "TWO = Rule('ACME001', 'two', 'm', 'h')\nRULES = {ONE: one, TWO: one}\n", "ACME001"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_rules_that_are_none_are_refused(flowc: Flowc, folder: Path, site: Path, name: str) -> None:
    """With whose they are, at the line that asks for them."""
    text, said = REFUSED[name]
    bring(site, text)
    write(folder, POLICY)
    assert told(flowc) == [("FC724", 2)]
    (message,) = (
        each["message"] for each in json.loads(flowc("check", "flow.py", "--format", "json").out)["diagnostics"]
    )
    assert "acme-flow-rules 1.2" in message
    assert said in message


def test_codes_that_clash_are_refused(flowc: Flowc, folder: Path, site: Path) -> None:
    """The first set that is named keeps its code."""
    bring(site, rule())
    bring(site, rule(name="another"), name="other", distribution="other-rules")
    write(folder, POLICY.replace('["acme"]', '["acme", "other"]'))
    out = flowc("check", "flow.py").out
    assert codes(flowc) == {"ACME001", "FC724"}
    assert "the rules `other` of other-rules 1.2 cannot be used: ACME001 is also a rule of acme-flow-rules 1.2" in out


def test_a_name_that_two_distributions_bring_is_refused(flowc: Flowc, folder: Path, site: Path) -> None:
    bring(site, rule())
    bring(site, rule("OTHER001"), distribution="other-rules")
    write(folder, POLICY)
    assert told(flowc) == [("FC724", 2)]
    assert "acme-flow-rules 1.2 and other-rules 1.2" in flowc("check", "flow.py").out


def test_rules_that_nobody_brings_are_found_with_those_that_are_there(flowc: Flowc, folder: Path, site: Path) -> None:
    bring(site, rule())
    write(folder, POLICY.replace("acme", "acmee"))
    assert told(flowc) == [("FC723", 2)]
    assert "did you mean `acme`?" in flowc("check", "flow.py").out


def test_a_teams_rule_is_explained(flowc: Flowc, site: Path) -> None:
    """By its code or name, whether any settings name it or not."""
    bring(site, rule())
    ended = flowc("explain", "acme001")
    assert ended.code == 0
    for part in ("error[ACME001] a-rule", "about `<flow>`", "help: do that", "acme-flow-rules 1.2", "Why it is so."):
        assert part in ended.out
    assert flowc("explain", "a-rule").out == ended.out
    assert flowc("explain", "ACME002").code == 2
    assert flowc("explain", "FC202").code == 0
