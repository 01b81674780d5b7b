"""Each rule finds its mistake, at its place: the line of carets below it. What comes close and is right has no mark."""

from pathlib import Path

import pytest
from acme_flow_rules import RULES

from compiler.policy.marked import read_case


def case(decorator: str = "", head: str = "class F(FlowSpec):", doc: str = '"""Contact: prices@acme.example"""') -> str:
    """A flow of one step."""
    return f"""
from flowc import FlowSpec, kubernetes, schedule, step

{head}
    {doc}

{decorator}    @step
    def start(self):
        pass
"""


def image(name: str, mark: str = "") -> str:
    """A step with an image; the mark stands below the argument."""
    text = f'image="{name}"'
    line = f"    @kubernetes({text})\n"
    return case(line + (" " * 16 + "^" * len(text) + f" {mark}\n" if mark else ""))


CASES = {
    "no image": case(),
    "a version": image("acme/prices:1.2"),
    "a digest": image("acme/prices@sha256:0011"),
    "a port is no version": image("registry:5000/prices", "ACME001"),
    "a version behind a port": image("registry:5000/prices:7"),
    "no tag": image("acme/prices", "ACME001"),
    "the latest": image("acme/prices:latest", "ACME001"),
    "a zone": case(head='@schedule(daily=True, timezone="Europe/Berlin")\nclass F(FlowSpec):'),
    "no zone": case(head="@schedule(daily=True)\n ^^^^^^^^^^^^^^^^^^^^ ACME002\nclass F(FlowSpec):"),
    "nobody": case(head="class F(FlowSpec):\n      ^ ACME003", doc='"""Contact:"""'),
    "no docstring": case(head="class F(FlowSpec):\n      ^ ACME003", doc=""),
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_each_rule_finds_its_mistake_at_its_place(text: str, tmp_path: Path) -> None:
    found = read_case(text, tmp_path)
    assert found.found(RULES) == found.expected


def test_every_rule_has_a_case() -> None:
    assert all(any(rule.code in text for text in CASES.values()) for rule in RULES)
