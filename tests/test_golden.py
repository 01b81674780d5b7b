"""What a person approved: the flow, the plan and every target's files of each example, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler.backends.targets import BUILT_IN
from tests.golden_files import COMPILED, GOLDEN, golden_files, name_of
from tests.published import PUBLISHED, Published


@pytest.mark.parametrize("example", COMPILED, ids=name_of)
def test_each_example_compiles_to_what_was_approved(example: Path) -> None:
    folder = GOLDEN / name_of(example)
    approved = {path.name: path.read_bytes().decode() for path in sorted(folder.glob("*"))}
    assert golden_files(example) == approved, "run `make golden` and read the diff"


def test_nothing_else_lies_in_the_golden_folder() -> None:
    assert sorted(path.name for path in GOLDEN.iterdir()) == sorted(map(name_of, COMPILED))


def test_examples_hold_what_a_reviewer_must_see() -> None:
    """The examples exist: an empty folder would make every other test here pass."""
    names = set(map(name_of, COMPILED))
    assert {"linear", "branch", "model_search", "parameters", "retry_and_catch", "taxi-train", "taxi-predict"} <= names
    assert "sharing" in names


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda published: published.path.name)
def test_documents_say_what_the_code_says(published: Published) -> None:
    assert published.path.read_text(encoding="utf-8") == published.expected(), "run `make golden`"


@pytest.mark.parametrize("target", BUILT_IN)
def test_compiled_json_is_json(target: str) -> None:
    for path in GOLDEN.glob(f"*/{target}*.json"):
        assert json.loads(path.read_bytes()), path
