"""The interpreter does what Maestro's classes do: joins, conditions, retries, loops, references, outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engines.maestro import Start
from tests.engines.maestro_params import OutputError, output_of, with_output
from tests.engines.maestro_reader import InvalidDefinition
from tests.engines.maestro_sel import EvaluationError, evaluated, interpolated
from tests.maestro.stage import container, reporting, run, step

FAILS = container("-c", "raise SystemExit(1)")
SAYS = "print('SAID', *__import__('sys').argv[1:])"


@pytest.mark.parametrize("seed", range(3))
def test_a_step_runs_when_any_of_those_before_it_leads_to_it_and_all_are_complete(seed: int, tmp_path: Path) -> None:
    steps = [
        step("a", said=reporting("chosen", "1"), b="Long.valueOf(chosen) == 0", c="Long.valueOf(chosen) == 1"),
        step("b", "d"),
        step("d", "e"),
        step("c", "e"),
        step("e"),
        step("f", said=container("-c", "")),
    ]
    result = run(tmp_path, steps, seed=seed)
    assert result.succeeded, result.log
    assert set(result.steps) == {"a", "c", "e", "f"}


def test_a_switch_that_has_reported_nothing_fails(tmp_path: Path) -> None:
    said = container("-c", "", params={"chosen": {"type": "STRING", "value": "none"}})
    result = run(tmp_path, [step("a", said=said, b="Long.valueOf(chosen) == 0"), step("b")])
    assert (result.succeeded, set(result.steps)) == (False, {"a"})


def test_nothing_runs_behind_a_step_that_failed_and_all_else_does(tmp_path: Path) -> None:
    """So no step of a workflow can do what an exit hook does."""
    steps = [step("a", "b", "c"), step("b", "d", said=FAILS), step("c", "e"), step("d"), step("e")]
    result = run(tmp_path, steps)
    assert (result.succeeded, set(result.steps)) == (False, {"a", "b", "c", "e"})


FINAL = """
print('MAESTRO_OUTPUT_START_TOKEN{"artifacts": {"maestro_retry": {"type": "RETRY", "retryable": false}}}MAESTRO_OUTPUT_END_TOKEN')
raise SystemExit(2)
"""


@pytest.mark.parametrize(
    ("policy", "text", "timeout", "attempts"),
    [
        ({"error_retry_limit": 0}, "raise SystemExit(1)", None, 1),
        ({"error_retry_limit": 2, "timeout_retry_limit": 0}, "raise SystemExit(1)", None, 3),
        ({}, "raise SystemExit(1)", None, 3),
        ({"error_retry_limit": 2}, FINAL, None, 1),
        ({"error_retry_limit": 0, "timeout_retry_limit": 1}, "import time; time.sleep(60)", 1, 2),
        ({"error_retry_limit": 3}, "import time; time.sleep(60)", 1, 1),
    ],
)
def test_attempts(policy: Any, text: str, timeout: int | None, attempts: int, tmp_path: Path) -> None:
    said = container("-c", text, retry_policy=policy) | ({"timeout": timeout} if timeout else {})
    result = run(tmp_path, [step("a", said=said)])
    assert (result.succeeded, result.steps) == (False, {"a": attempts})


SLOW_THEN_WRONG = "import sys, time; time.sleep(60 * (sys.argv[1] == '0' and sys.argv[2] == '1')); raise SystemExit(sys.argv[1] != '1')"


@pytest.mark.parametrize(
    ("text", "policy", "attempts"),
    [
        ("import sys; raise SystemExit(sys.argv[1] != '2')", {"error_retry_limit": 4}, 3),
        (SLOW_THEN_WRONG, {"error_retry_limit": 1, "timeout_retry_limit": 1}, 3),
    ],
)
def test_an_attempt_knows_its_number_and_how_many_errors_came_before(
    text: str, policy: Any, attempts: int, tmp_path: Path
) -> None:
    asked = {"errors": "MAESTRO_STEP_ERROR_RETRIES", "number": "step_attempt_id"}
    params = {
        name: {"type": "LONG", "expression": f"return params.getFromStep('{field}');"} for name, field in asked.items()
    }
    said = container("-c", text, "${errors}", "${number}", params=params, retry_policy=policy, timeout=2)
    result = run(tmp_path, [step("a", said=said)])
    assert (result.succeeded, result.steps) == (True, {"a": attempts}), result.log


def _loop(name: str, source: str, *inner: dict[str, Any], **more: Any) -> dict[str, Any]:
    numbers = {"type": "LONG_ARRAY", "expression": source}
    return {
        "foreach": {
            "id": name,
            "params": {"loop_params": {"type": "MAP", "value": {f"i{name}": numbers}}},
            "steps": list(inner),
            **more,
        }
    }


def test_foreaches_are_nested_and_see_what_is_around_them(tmp_path: Path) -> None:
    said = container("-c", SAYS, "${ix}.${iy}", "${top}")
    inner = _loop("y", "return Util.intsBetween(0, params.getFromStep('w', 'fan'), 1);", step("s", said=said))
    body = [step("w", "y", said=reporting("fan", "2")), inner]
    result = run(
        tmp_path,
        [_loop("x", "return Util.intsBetween(0, 2, 1);", *body)],
        params={"top": {"type": "STRING", "value": "t"}},
    )
    assert result.succeeded, result.log
    said_lines = sorted(line for line in result.log.splitlines() if line.startswith("SAID"))
    assert said_lines == ["SAID 0.0 t", "SAID 0.1 t", "SAID 1.0 t", "SAID 1.1 t"]


@pytest.mark.parametrize(("width", "steps"), [("0", {"a", "x", "z"}), ("none", {"a"}), ("25001", {"a", "x"})])
def test_a_foreach_is_as_wide_as_was_reported(width: str, steps: set[str], tmp_path: Path) -> None:
    source = "return Util.intsBetween(0, params.getFromStep('a', 'fan'), 1);"
    loop = _loop("x", source, step("s"), transition={"successors": {"z": "true"}})
    result = run(tmp_path, [step("a", "x", said=reporting("fan", width)), loop, step("z")])
    assert (result.succeeded, set(result.steps)) == (width == "0", steps)


def test_no_iteration_begins_behind_one_that_failed(tmp_path: Path) -> None:
    loop = _loop("x", "return Util.intsBetween(0, 9, 1);", step("s", said=FAILS), concurrency=1)
    assert set(run(tmp_path, [loop]).steps) == {"x", "x/0/s"}


@pytest.mark.parametrize(("depth", "works"), [(9, True), (10, False)])
def test_foreaches_are_as_deep_as_inline_workflows_may_be(depth: int, works: bool, tmp_path: Path) -> None:
    steps = [step("s")]
    for level in range(depth):
        steps = [_loop(f"x{level}", "return Util.intsBetween(0, 1, 1);", *steps)]
    assert run(tmp_path, steps).succeeded is works


def test_what_a_foreach_hands_on_is_evaluated_once_more(tmp_path: Path) -> None:
    """So no text with a dollar may stand in a workflow's parameters that iterations see."""
    params = {"top": {"type": "STRING", "expression": "return '$x';"}}
    assert run(tmp_path, [step("a", said=container("-c", SAYS, "${top}"))], params=params).succeeded
    again = run(tmp_path / "again", [_loop("x", "return Util.intsBetween(0, 1, 1);", step("a"))], params=params)
    assert not again.succeeded
    assert "Cannot find the referenced param [x]" in again.log


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("$a ${a} x$a", "A A xA"),
        ("$$a $${a} 1$", "$a ${a} 1$"),
        ("$$ $1 ${ ${}", "$ $1 ${ ${}"),
        ("é$$", "é$"),
        ("$a$a", "AA"),
    ],
)
def test_interpolation(text: str, told: str) -> None:
    assert interpolated(text, {"a": "A"}.__getitem__) == told


@pytest.mark.parametrize("text", ["$b", "$$$$b", "${b}"])
def test_a_reference_to_nothing_fails_also_where_it_was_escaped_twice(text: str) -> None:
    with pytest.raises(KeyError):
        interpolated(text, {"a": "A"}.__getitem__)


@pytest.mark.parametrize(
    "source",
    [
        "return 'a\\x';",
        "return nothing;",
        "return Long.valueOf('x');",
        "1; 2",
        "return Runtime.exit(1);",
        "return " + "1 + " * 5000 + "1",
    ],
)
def test_an_expression_fails(source: str) -> None:
    def value(name: str) -> Any:
        raise EvaluationError(name)

    with pytest.raises(EvaluationError):
        evaluated(source, value, lambda *_: 1)


@pytest.mark.parametrize(
    ("log", "found"),
    [
        ("", {}),
        ("MAESTRO_OUTPUT_END_TOKEN MAESTRO_OUTPUT_START_TOKEN", {}),
        (
            'MAESTRO_OUTPUT_START_TOKEN{}MAESTRO_OUTPUT_END_TOKEN MAESTRO_OUTPUT_START_TOKEN{"params": {}}MAESTRO_OUTPUT_END_TOKEN',
            {"params": {}},
        ),
    ],
)
def test_the_last_output_of_a_log_counts(log: str, found: dict[str, Any]) -> None:
    assert output_of(log) == found


STRING = {"type": "STRING", "value": "1", "evaluated_result": "1", "evaluated_time": 1}


@pytest.mark.parametrize(
    ("asked", "output"),
    [
        ({}, {"fan": STRING}),
        ({"fan": {"type": "LONG", "value": 1}}, {"fan": STRING}),
        ({"fan": {"type": "STRING", "value": "", "mode": "CONSTANT"}}, {"fan": STRING}),
        ({"fan": {"type": "STRING", "value": ""}}, {"fan": {**STRING, "evaluated_time": None}}),
    ],
)
def test_an_output_that_is_no_parameter_of_the_step_is_refused(asked: Any, output: Any) -> None:
    with pytest.raises(OutputError):
        with_output(asked, output)


@pytest.mark.parametrize(("asked", "answered"), [("field", True), ("id", False), ("create_time", False)])
def test_of_a_signal_only_its_parameters_can_be_asked(asked: str, answered: bool, tmp_path: Path) -> None:
    """So a run cannot tell which event has started it, nor when that was."""
    said = {"type": "STRING", "expression": f"return params.getFromSignal('event', '{asked}');"}
    start = Start(initiator="SIGNAL", signals={"event": {"field": "x"}})
    result = run(tmp_path, [step("a", said=container("-c", "", params={"told": said}))], start=start)
    assert result.succeeded is answered


@pytest.mark.parametrize("mode", ["CONSTANT", "IMMUTABLE"])
def test_a_run_changes_no_constant(mode: str, tmp_path: Path) -> None:
    params = {"x": {"type": "STRING", "value": "a", "mode": mode}}
    with pytest.raises(EvaluationError, match="Cannot modify"):
        run(tmp_path, [step("a")], params=params, start=Start({"x": {"type": "STRING", "value": "b"}}))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"type": "sensor"}, "type"),
        ({"env_from": 1}, "unknown"),
        ({"signal": 1}, "unknown"),
    ],
)
def test_a_step_has_no_other_fields(said: dict[str, Any], why: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidDefinition, match=why):
        run(tmp_path, [step("a", said={**container("-c", ""), **said})])
