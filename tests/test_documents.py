"""Short texts that stand for endless work, in each of the three languages of settings: one exception, soon."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from compiler.documents import DEEPEST, MOST_VALUES, NotParsed, parse_json, parse_toml, parse_yaml

ROOT = Path(__file__).parents[1]
DIGITS = "9" * 5_000
HEX = "0x" + "f" * 5_000


def _doubling(first: str, form: str) -> str:
    lines = [f"a0: &a0 {first}", *(f"a{i + 1}: &a{i + 1} " + form.replace("A", f"*a{i}") for i in range(80))]
    return "\n".join(lines)


WRONG: dict[str, tuple[Callable[[str], object], str, str]] = {
    "json: a number of many digits": (parse_json, f'{{"a": {DIGITS}}}', "Exceeds the limit"),
    "json: many brackets": (parse_json, "[" * 1_000_000, "nested too deeply"),
    "json: deeper than anybody writes": (parse_json, "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), "nested too deeply"),
    "json: no JSON": (parse_json, "{'a': 1}", "Expecting property name"),
    "toml: a number of many digits": (parse_toml, f"a = {DIGITS}", "Exceeds the limit"),
    "toml: a number of as many digits, as hexadecimal ones": (parse_toml, f"a = [{HEX}]", "Exceeds the limit"),
    "toml: many brackets": (parse_toml, "a = " + "[" * 200_000, "nested too deeply"),
    "toml: tables in tables": (parse_toml, "a = " + "{a = " * 500 + "1" + "}" * 500, "nested too deeply"),
    "toml: a key of many parts": (parse_toml, "a." * 400_000 + "a = 1", "nested too deeply"),
    "toml: a key of many quoted parts": (parse_toml, "\"a\" . 'b'." * 100_000 + "a = 1", "nested too deeply"),
    "toml: a title of many parts": (parse_toml, "[" + "a." * 400_000 + "a]", "nested too deeply"),
    "yaml: aliases that double": (parse_yaml, _doubling("[x, x]", "[A, A]"), "its aliases written out"),
    "yaml: tables that double": (parse_yaml, _doubling("{x: 1}", "{a: A, b: A}"), "its aliases written out"),
    "yaml: keys that are merged": (parse_yaml, _doubling("{x: 1}", "{<<: [A, A]}"), "its aliases written out"),
    "yaml: a list within itself": (parse_yaml, "&a [*a]", "within what it names"),
    "yaml: a table within itself": (parse_yaml, "a: &a {b: [{c: *a}]}", "within what it names"),
    "yaml: many brackets": (parse_yaml, "[" * 100_000, "nested too deeply"),
    "yaml: many dashes": (parse_yaml, "- " * 50_000 + "a", "nested too deeply"),
    "yaml: a number of many digits": (parse_yaml, f"a: {DIGITS}", "Exceeds the limit"),
    "yaml: a number of as many digits, as hexadecimal ones": (parse_yaml, HEX, "Exceeds the limit"),
    "yaml: two documents": (parse_yaml, "a: 1\n---\nb: 2\n", "found another document"),
    "yaml: a call of Python": (
        parse_yaml,
        "!!python/object/apply:os.system ['touch ran']",
        "could not determine a constructor",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_hostile_is_not_parsed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    parse, text, said = WRONG[name]
    with pytest.raises(NotParsed, match=said):
        parse(text)
    assert not (tmp_path / "ran").exists()


def test_all_of_it_takes_bounded_time_and_memory() -> None:
    """A process of 1 GB and a minute of CPU does all of them."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))

    code = (
        "from tests.test_documents import WRONG\nfrom compiler.documents import NotParsed\n"
        "for parse, text, _ in WRONG.values():\n    try:\n        parse(text)\n    except NotParsed:\n        continue\nprint('done')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
        timeout=300,
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr[-1000:]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_not_is_read_as_ever(value: object) -> None:
    assert parse_json(json.dumps(value)) == value
    text = yaml.safe_dump(value)
    assert parse_yaml(text) == yaml.safe_load(text)


def test_aliases_of_a_size_that_people_write_are_written_out() -> None:
    base = {"memory": 1, "cpu": 2}
    assert parse_yaml("base: &b {memory: 1, cpu: 2}\nfit: {<<: *b, cpu: 4}\nall: [*b, *b]\n") == {
        "base": base,
        "fit": {**base, "cpu": 4},
        "all": [base, base],
    }
    assert len(list(parse_yaml("[" + "1, " * 1_000 + "]"))) == 1_000 < MOST_VALUES  # type: ignore[call-overload]


def test_a_place_is_told_where_it_is_known() -> None:
    for parse, text in ((parse_json, '{\n"a": }'), (parse_toml, "a = 1\nb = ]"), (parse_yaml, "a: 1\n b: 2")):
        with pytest.raises(NotParsed) as caught:
            parse(text)
        assert caught.value.line == 2
