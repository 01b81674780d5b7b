"""Addresses: the same on every machine, never two names in one place."""

from __future__ import annotations

import re

import pytest
from flowc.artifacts.address import (
    Begin,
    Choice,
    Enter,
    Follow,
    Gather,
    Merge,
    RunAddress,
    TaskAddress,
    child,
    created_key,
    escape,
    last_part,
    parent,
    parse_loads,
    unescape,
)
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.text(min_size=1, max_size=60)
LONG_NAMES = st.text(min_size=1, max_size=400)


@given(NAMES)
def test_a_component_has_only_safe_characters_and_comes_back(name: str) -> None:
    text = escape(name)
    assert re.fullmatch(r"[A-Za-z0-9%~-][A-Za-z0-9._%~-]*", text)
    assert unescape(text) in (name, None)


@given(LONG_NAMES, LONG_NAMES)
def test_two_names_never_share_a_component(left: str, right: str) -> None:
    assert (escape(left) == escape(right)) == (left == right)
    assert len(escape(left)) < 200


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("train", "train"),
        ("manual__2026-01-01T00:00:00+00:00", "manual__2026-01-01T00%3A00%3A00%2B00%3A00"),
        ("_run", "%5Frun"),
        ("..", "%2E."),
        ("a/b", "a%2Fb"),
        ("a~b", "a%7Eb"),
        ("é", "%C3%A9"),
        ("100%", "100%25"),
    ],
)
def test_escape(name: str, text: str) -> None:
    assert escape(name) == text
    assert unescape(text) == name


def test_no_task_shares_a_place_with_the_record_or_the_blobs() -> None:
    run = RunAddress("F", "r")
    places = {run.task(step).folder for step in ("_run.json", "_blobs", ".x")}
    assert not places & {run.record, run.blob("0").rpartition("/")[0]}


def test_iterations_have_places_of_their_own() -> None:
    assert TaskAddress("F", "r", "loop", "2.0", 3).manifest == "F/r/loop/2.0~3/manifest"
    assert TaskAddress("F", "r", "loop", "2.0").attempt(12) == "F/r/loop/2.0/attempt-0012"


INDICES = st.one_of(
    st.just("-"), st.lists(st.integers(0, 99), min_size=1, max_size=3).map(lambda all: ".".join(map(str, all)))
)
TASKS = st.builds(
    TaskAddress,
    st.just("F"),
    st.just("r"),
    st.from_regex("[a-z][a-z0-9_]{0,4}", fullmatch=True),
    INDICES,
    st.none() | st.integers(0, 99),
)


@given(TASKS, TASKS)
def test_an_id_names_one_task_of_the_run_and_is_safe_in_a_file_name(one: TaskAddress, other: TaskAddress) -> None:
    assert (one.id == other.id) == (one == other)
    assert re.fullmatch("[A-Za-z0-9._-]+", one.id)
    assert one.of.named(one.step, one.id) == one.of.named(one.step, one.name) == one
    assert str(one) == f"F/r/{one.step}/{one.id}"


@pytest.mark.parametrize("text", ["other", "other-0", "fit-", "fit-x", "fit-i", "0~x", "", "fit-0~1", "0-i1", "-1"])
def test_what_is_neither_id_nor_index_path_names_no_task(text: str) -> None:
    assert RunAddress("F", "r").named("fit", text) == TaskAddress("F", "r", "fit", text)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=5))
def test_index_paths_go_down_and_up(parts: list[int]) -> None:
    index = "-"
    for part in parts:
        index, before = child(index, part), index
        assert parent(index) == before
        assert last_part(index) == part


@given(st.floats(0, 4e9), st.floats(0, 4e9))
def test_the_newest_run_is_listed_first(left: float, right: float) -> None:
    keys = {time: created_key(RunAddress("F", "r"), time) for time in (left, right)}
    assert all(len(key) == len(keys[left]) for key in keys.values())
    if int(left * 1e6) < int(right * 1e6):
        assert keys[left] > keys[right]


A, B = Choice((), "a"), Choice((), "b")


@pytest.mark.parametrize(
    ("text", "loads"),
    [
        ("", Begin()),
        ("a", Follow((A,))),
        ("foreach", Follow((Choice((), "foreach"),))),
        ("foreach:a", Enter("a")),
        ("merge:s/a;b", Merge("s", (("a", (A,)), ("b", (B,))))),
        ("merge:s/c>a;b", Merge("s", (("c", (A,)), ("b", (B,))))),
        ("gather:s/a", Gather("s", (A,))),
        ("sw=0:a,b", Follow((Choice((("sw", (0,)),), "a"), B))),
        (
            "sw=0:a,sw=1+sw2=0.2:b",
            Follow((Choice((("sw", (0,)),), "a"), Choice((("sw", (1,)), ("sw2", (0, 2))), "b"))),
        ),
        ("gather:s/sw=0.10:a,b", Gather("s", (Choice((("sw", (0, 10)),), "a"), B))),
        ("merge:s/c>sw=0:a,b;b", Merge("s", (("c", (Choice((("sw", (0,)),), "a"), B)), ("b", (B,))))),
    ],
)
def test_loads_are_read_as_they_are_written(text: str, loads: object) -> None:
    assert parse_loads(text) == loads


@pytest.mark.parametrize(
    "text",
    ["a b", "foreach:", "foreach:s/a", "merge:s", "gather:a", "x:a", "sw=:a", "sw=1.:a", "a;b", "=1:a", "a,", "1a"],
)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_loads(text)
