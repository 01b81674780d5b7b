"""`flowc list`: the flows that there are, a line a flow or JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stages.command_line import BROKEN, FLOW, Flowc

SCHEDULED = FLOW.replace(
    "class SumFlow", '@schedule(cron="0 6 * * ? *", timezone="Europe/Berlin")\nclass NightlyFlow'
).replace("import FlowSpec", "import schedule, FlowSpec")


def test_a_line_says_flow_file_targets_schedule_and_digest(flowc: Flowc, folder: Path) -> None:
    (folder / "nightly.py").write_text(SCHEDULED)
    (folder / "pyproject.toml").write_text("[tool.flowc.argo]\nnamespace = 'x'\n[tool.flowc.run]\nstore = 'file:x'\n")
    digest, nightly = (
        json.loads(flowc("package", name, "--list", "--json").out)["digest"] for name in ("flow.py", "nightly.py")
    )
    assert digest != nightly
    rows = json.loads(flowc("list", "--json").out)
    assert rows == [
        {
            "flow": "SumFlow",
            "file": "flow.py",
            "targets": ["argo"],
            "schedule": None,
            "timezone": None,
            "digest": digest,
        },
        {
            "flow": "NightlyFlow",
            "file": "nightly.py",
            "targets": ["argo"],
            "schedule": "0 6 * * *",
            "timezone": "Europe/Berlin",
            "digest": nightly,
        },
    ]
    first, second = flowc("list").out.splitlines()
    assert first.split() == ["SumFlow", "flow.py", "argo", "-", digest[:12]]
    assert second.split() == [
        "NightlyFlow",
        "nightly.py",
        "argo",
        *["0", "6", "*", "*", "*"],
        "Europe/Berlin",
        nightly[:12],
    ]
    assert {line.index(" argo ") for line in (first, second)} == {first.index(" argo ")}
    assert first.index(digest[:12]) == second.index(nightly[:12])


@pytest.mark.parametrize(
    ("words", "flows"),
    [
        ((), ["SumFlow", "OtherFlow", "InnerFlow"]),
        (("a",), ["InnerFlow"]),
        (("flow.py",), ["SumFlow", "OtherFlow"]),
        (("flow.py:OtherFlow",), ["OtherFlow"]),
        (("flow.py:OtherFlow", "a", "a/x.py"), ["OtherFlow", "InnerFlow"]),
    ],
)
def test_flows_are_named_in_every_way(flowc: Flowc, folder: Path, words: tuple[str, ...], flows: list[str]) -> None:
    two = FLOW + FLOW[FLOW.index("class") :].replace("SumFlow", "OtherFlow")
    (folder / "flow.py").write_text(two)
    (folder / "a").mkdir()
    (folder / "a" / "x.py").write_text(FLOW.replace("SumFlow", "InnerFlow"))
    (folder / "pyproject.toml").write_text("[tool.flowc]\n")
    found = [row["flow"] for row in json.loads(flowc("list", *words, "--json").out)]
    assert sorted(found) == sorted(flows)


def test_targets_are_those_of_the_settings_else_all(flowc: Flowc, folder: Path) -> None:
    text = "[tool.flowc.flow.SumFlow.airflow]\nowner = 'x'\n[tool.flowc.env.prod.step-functions]\nqueue = 'q'\n"
    (folder / "pyproject.toml").write_text(text)

    def targets(*words: str) -> list[str]:
        found: list[str] = json.loads(flowc("list", "--json", *words).out)[0]["targets"]
        return found

    assert targets() == ["airflow"]
    assert sorted(targets("--env", "prod")) == ["airflow", "step-functions"]
    (folder / "pyproject.toml").write_text("[tool.flowc]\n")
    assert targets() == ["airflow", "argo", "step-functions"]


def test_a_broken_flow_hides_no_other(flowc: Flowc, folder: Path) -> None:
    (folder / "broken.py").write_text(BROKEN)
    (folder / "a").mkdir()
    (folder / "a" / "pyproject.toml").write_text("[tool.flowc]\nstor = 1\n")
    (folder / "a" / "x.py").write_text(FLOW)
    ended = flowc("list", "broken.py", "a/x.py", "flow.py", "--json")
    assert ended.code == 1
    assert [row["flow"] for row in json.loads(ended.out)] == ["SumFlow"]
    assert "FC242" in ended.err
    assert "FC803" in ended.err
