"""Airflow's task instances as our tasks: phases, index paths, attempts, and what is not told."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from compiler.backends.airflow.operate.api.protocol import Instance, Row
from compiler.backends.airflow.operate.causes import Cause
from compiler.backends.airflow.operate.layout import PLAIN, Layout
from compiler.backends.airflow.operate.notes import MOST, TAGS, tags_in, with_line, without
from compiler.backends.airflow.operate.tasks import TERMINATED, flat, phase, place_of, tasks_of
from compiler.backends.operating import Phase, RefusedError, Sharing

PATHS = {"_each_start": flat([["0", "1"], ["2"]]), "_each_row": flat([["0.0", "2.0", "2.1"]])}


def instance(task: str, map_index: int = -1, state: str = "success", tries: int = 1, label: str = "") -> Instance:
    return Instance(task, map_index, state, tries, None, None, label)


def told(*instances: Instance, run: Phase = "running") -> list[tuple[str, str, str, int | None]]:
    def lists(task: str) -> Sequence[str] | None:
        return PATHS.get(task)

    found = tasks_of(instances, PLAIN, lists, run, lambda _: Cause("OOMKilled", "says so", "more memory"))
    assert all(each.reason == "OOMKilled" for each in found if each.phase == "failed")
    return [(each.step, each.index, each.phase, each.attempt) for each in found]


@pytest.mark.parametrize(
    ("found", "is_told"),
    [
        (instance("start"), [("start", "-", "succeeded", 0)]),
        (instance("start", state="failed", tries=3), [("start", "-", "failed", 2)]),
        (instance("start", state="", tries=0), [("start", "-", "queued", None)]),
        (instance("start", state="up_for_retry"), [("start", "-", "queued", 0)]),
        (instance("start", state="deferred"), [("start", "-", "running", 0)]),
        (instance("start", state="something_new"), [("start", "-", "unknown", 0)]),
        (instance("start", state="skipped"), []),
        (instance("start", state="upstream_failed"), []),
        (instance("foreach-start.row", 2), [("row", "2", "succeeded", 0)]),
        (instance("foreach-start.row", 3, state="", tries=0), []),
        (instance("foreach-start-2.late", 1), [("late", "1", "succeeded", 0)]),
        (instance("foreach-row.cell", 1), [("cell", "2.0", "succeeded", 0)]),
        (instance("foreach-row.cell", 7, label="9.9"), [("cell", "9.9", "succeeded", 0)]),
        (instance("foreach-other.cell", 0, state="", tries=0), []),
        (instance("foreach-start.row", -1, state="", tries=0), []),
        (instance("_kept"), []),
        (instance("_each_start", state="running"), []),
        (instance("_each_start", state="failed"), [("", "-", "failed", 0)]),
        (instance("_on_error_tell", state="failed"), [("", "-", "failed", 0)]),
    ],
)
def test_an_instance_is_told_as_a_step_and_an_index(
    found: Instance, is_told: list[tuple[str, str, str, int | None]]
) -> None:
    assert told(found) == is_told


def test_an_instance_of_several_tasks_says_which() -> None:
    known = Layout(
        {"start-to-prepare": "start", "fit-portions": "fit", "end": "end"},
        {},
        frozenset(),
        {"start-to-prepare": Sharing(("start", "prepare")), "fit-portions": Sharing(("fit",), 2)},
    )
    instances = [
        instance("start-to-prepare"),
        instance("foreach-start.fit-portions", 2, "running"),
        instance("end", state="", tries=0),
    ]
    found = tasks_of(instances, known, PATHS.get, "running", lambda _: Cause())
    assert [(each.title, each.members, each.steps) for each in found] == [
        ("end", "-", ("end",)),
        ("fit", "4-5", ("fit",)),
        ("start to prepare", "-", ("start", "prepare")),
    ]


def test_what_ran_when_a_person_ended_the_run_was_ended_too() -> None:
    assert told(instance("start", state="failed"), run="terminated") == [("start", "-", "terminated", 0)]


@pytest.mark.parametrize(
    ("state", "note", "stands"),
    [
        ("queued", "", "queued"),
        ("success", TERMINATED, "succeeded"),
        ("failed", "", "failed"),
        ("failed", "looked into it", "failed"),
        ("failed", f"mine\n{TERMINATED}", "terminated"),
        ("something_new", "", "unknown"),
    ],
)
def test_a_run_stands_as_its_state_and_its_note_say(state: str, note: str, stands: str) -> None:
    assert phase(Row("Flow", "one", state, None, None, None, note)) == stands


@pytest.mark.parametrize("node", [instance("a"), instance("foreach-a.b", 0), instance("foreach-a.b-c", 12)])
def test_a_node_says_its_instance(node: Instance) -> None:
    place = place_of(node.node)
    assert (place.task, place.map_index) == (node.task, node.map_index)


def test_the_lines_of_people_stay_in_a_note() -> None:
    note = with_line("looked at it", f'{TAGS}["a", "b,c"]')
    both = with_line(note, TERMINATED)
    assert with_line(both, TERMINATED) == both
    assert without(both, TERMINATED) == note
    assert tags_in(both) == ("a", "b,c")
    assert tags_in(f"{TAGS}no list") == () == tags_in("") == tags_in(f"{TAGS}7")
    with pytest.raises(RefusedError, match="give fewer or shorter tags"):
        with_line("", "x" * (MOST + 1))


@pytest.mark.parametrize("value", [None, "text", {"a": 1}, [1, 2]])
def test_what_is_no_list_of_rows_says_no_indexes(value: object) -> None:
    assert flat(value) is None
