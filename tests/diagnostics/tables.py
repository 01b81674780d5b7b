"""All cases, by table and name."""

from __future__ import annotations

from tests.diagnostics import (
    carried_cases,
    dataflow_cases,
    mixed_cases,
    name_cases,
    option_cases,
    parameter_cases,
    reading_cases,
    shape_cases,
    transition_cases,
)

_TABLES = {
    "reading": reading_cases,
    "transition": transition_cases,
    "shape": shape_cases,
    "option": option_cases,
    "carried": carried_cases,
    "parameter": parameter_cases,
    "dataflow": dataflow_cases,
    "mixed": mixed_cases,
    "name": name_cases,
}
CASES: dict[str, str] = {
    f"{table}: {name}": text for table, cases in _TABLES.items() for name, text in cases.CASES.items()
}
