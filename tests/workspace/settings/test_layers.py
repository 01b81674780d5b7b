"""Which value holds: random tables against a model of the order, and the places that values and policies have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.backends.targets import load_backend
from compiler.ir.flow import Value
from compiler.workspace.settings import ConfigError, Settings, SettingsError, read_settings, target_options, tracking

ENVS, FLOWS, TARGETS = ("dev", "prod"), ("Train", "Score"), ("argo", "airflow")
KEYS = ("image", "namespace", "name")
Where = tuple[int, str | None, str | None, str | None]
"""The file (0: the nearest), the environment, the flow and the target of a table."""

WHERE = st.tuples(
    st.integers(0, 2),
    st.sampled_from((None, *ENVS)),
    st.sampled_from((None, *FLOWS)),
    st.sampled_from((None, *TARGETS)),
)
TABLES = st.dictionaries(WHERE, st.sets(st.sampled_from(KEYS), min_size=1), max_size=12)


def _title(where: Where) -> str:
    _, env, flow, target = where
    return ".".join(
        [
            "tool",
            "flowc",
            *(["env", env] if env else []),
            *(["flow", flow] if flow else []),
            *([target] if target else []),
        ]
    )


def _write(folder: Path, tables: Mapping[Where, set[str]]) -> None:
    """Three files, each of which extends the next; a value says where it stands."""
    (folder / ".git").mkdir(exist_ok=True)
    for number in range(3):
        extend = f"extend = 'file{number + 1}.toml'\n" if number < 2 else ""
        own = {where: keys for where, keys in tables.items() if where[0] == number}
        shared = own.pop((number, None, None, None), set())
        text = "[tool.flowc]\n" + extend + "".join(f"{key} = '{number} tool.flowc'\n" for key in sorted(shared))
        text += "".join(f"[tool.flowc.env.{env}]\n" for env in ENVS if (number, env, None, None) not in own)
        for where, keys in own.items():
            text += f"[{_title(where)}]\n" + "".join(f"{key} = '{number} {_title(where)}'\n" for key in sorted(keys))
        name = "pyproject.toml" if number == 0 else f"file{number}.toml"
        (folder / name).write_text(text, encoding="utf-8")


def _order(env: str | None, flow: str | None, target: str | None) -> Iterator[Where]:
    """The tables that may hold, the strongest first, written out as the documentation says it."""
    for places in (
        [(env, flow, target), (env, flow, None)],  # a flow in the environment
        [(None, flow, target), (None, flow, None)],  # the flow
        [(env, None, target)],  # the environment for the target
        [(env, None, None)],  # the environment
        [(None, None, target)],  # the target
        [(None, None, None)],  # what all share
    ):
        for place in places:
            for number in range(3):  # of the same table that of the nearer file
                yield (number, *place)


@settings(max_examples=120, deadline=None)
@given(
    TABLES,
    st.sampled_from((None, *ENVS)),
    st.sampled_from((None, *FLOWS, "Other")),
    st.sampled_from((None, *TARGETS)),
    st.dictionaries(st.sampled_from(KEYS), st.just("given")),
)
def test_the_strongest_table_that_says_a_key_holds(
    tmp_path_factory: pytest.TempPathFactory,
    tables: dict[Where, set[str]],
    env: str | None,
    flow: str | None,
    target: str | None,
    given_here: dict[str, str],
) -> None:
    folder = tmp_path_factory.mktemp("workspace")
    _write(folder, tables)
    found = read_settings(folder, env)
    found = found.for_flow(flow) if flow else found
    for key in KEYS:
        said = next((where for where in _order(env, flow, target) if key in tables.get(where, ())), None)
        setting = found.get(key, target, given_here)
        if key in given_here:
            assert (setting.value, setting.layer, setting.line) == ("given", "command line", None)
        elif said is None:
            assert (setting.value, setting.layer, setting.file) == (None, "default", None)
        else:
            assert setting.value == f"{said[0]} {_title(said)}"
            assert setting.layer == f"[{_title(said)}]"
            assert setting.file is not None
            assert setting.line is not None
            assert (
                setting.file.read_text(encoding="utf-8").split("\n")[setting.line - 1] == f"{key} = '{setting.value}'"
            )


def _settings(folder: Path, text: str, env: str | None = None, **beside: str) -> Settings:
    (folder / ".git").mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    for name, content in beside.items():
        (folder / f"{name}.toml").write_text(content, encoding="utf-8")
    return read_settings(folder, env)


def test_a_backend_is_given_what_holds_for_it(tmp_path: Path) -> None:
    text = """
[tool.flowc]
image = "a"
same_code = true
[tool.flowc.argo]
labels = {a = "1"}
suspend = true
[tool.flowc.env.prod.argo]
suspend = false
[tool.flowc.flow.Train.argo]
labels = {b = "2"}
[tool.flowc.flow.Train.images]
start = "own"
[tool.flowc.images]
start = "all"
end = "all"
"""
    backend = load_backend("argo")
    assert backend is not None
    found = _settings(tmp_path, text, "prod")
    options = target_options(found.for_flow("Train"), backend, {"image": "given"}, "d")
    assert (options.image, options.same_code) == ("given", True)
    assert options.target == {"labels": {"b": "2"}, "suspend": False}
    assert options.images == {"start": "own", "end": "all"}
    others = target_options(found, backend, {}, "d")
    assert (others.image, others.target["labels"], others.images["start"]) == ("a", {"a": "1"}, "all")


SHARING = """
[tool.flowc]
fuse = true
chunk = {square = 16}
[tool.flowc.argo]
fuse = ["prepare", "fit"]
[tool.flowc.env.prod]
chunk = {square = {size = 64, workers = 4}}
[tool.flowc.flow.Train]
fuse = false
[tool.flowc.env.prod.flow.Train.airflow]
chunk = {}
"""


@pytest.mark.parametrize(
    ("env", "flow", "target", "fuse", "chunk"),
    [
        (None, "Other", "airflow", True, {"square": 16}),
        (None, "Other", "argo", ("prepare", "fit"), {"square": 16}),
        ("prod", "Other", "argo", ("prepare", "fit"), {"square": {"size": 64, "workers": 4}}),
        (None, "Train", "argo", False, {"square": 16}),
        ("prod", "Train", "airflow", False, {}),
        ("prod", "Train", "argo", False, {"square": {"size": 64, "workers": 4}}),
    ],
)
def test_what_shares_a_container_is_said_for_all_a_target_an_environment_and_a_flow(
    tmp_path: Path, env: str | None, flow: str, target: str, fuse: object, chunk: object
) -> None:
    """The strongest table that says it holds as a whole: portions of two tables are not mixed."""
    found = _settings(tmp_path, SHARING, env).for_flow(flow)
    assert (found.get("fuse", target).value, found.get("chunk", target).value) == (fuse, chunk)


TRACKED = """
[tool.flowc.mlflow]
uri = "http://all"
metrics = "numbers"
[tool.flowc.argo.mlflow]
uri = "http://argo"
required = true
[tool.flowc.env.test.mlflow]
uri = ""
[tool.flowc.flow.Train.mlflow]
experiment = "training"
metrics = ["loss"]
[tool.flowc.run.mlflow]
uri = "http://here"
"""


@pytest.mark.parametrize(
    ("env", "flow", "target", "given", "expected"),
    [
        (None, "Other", "airflow", {}, {"uri": "http://all", "metrics": "numbers"}),
        (None, "Other", "argo", {}, {"uri": "http://argo", "metrics": "numbers", "required": True}),
        (None, "Other", "run", {}, {"uri": "http://here", "metrics": "numbers"}),
        (None, "Train", "airflow", {}, {"uri": "http://all", "experiment": "training", "metrics": ("loss",)}),
        ("test", "Train", "airflow", {}, {}),
        ("test", "Other", "airflow", {"mlflow.uri": "http://given"}, {"uri": "http://given", "metrics": "numbers"}),
        (None, "Other", "airflow", {"mlflow.uri": ""}, {}),
    ],
)
def test_which_server_runs_are_told_to_is_said_key_by_key(
    tmp_path: Path, env: str | None, flow: str, target: str, given: dict[str, Value], expected: dict[str, object]
) -> None:
    """An empty address takes it back: for an environment, or for a call."""
    found = _settings(tmp_path, TRACKED, env).for_flow(flow)
    assert tracking(found, target, given) == expected
    if target in ("argo", "airflow"):
        backend = load_backend(target)
        assert backend is not None
        assert target_options(found, backend, given, "d").mlflow == expected


def test_no_secret_is_given_with_a_servers_address(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        tracking(_settings(tmp_path, TRACKED, None), "argo", {"mlflow.uri": "https://me:s3cret@host"})
    assert "MLFLOW_TRACKING_TOKEN" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_config_has_one_source(tmp_path: Path) -> None:
    text = "[tool.flowc.config]\nc = 'c.json'\nd = 'd.json'\n[tool.flowc.env.prod.config_value]\nc = {n = 1}\n"
    assert {name: each.key for name, each in _settings(tmp_path, text, "prod").configs.items()} == {
        "c": "config_value.c",
        "d": "config.d",
    }
    assert _settings(tmp_path, text).configs["c"].key == "config.c"


def test_a_policy_is_kept_with_its_places(tmp_path: Path) -> None:
    text = "[tool.flowc]\nextend = 'base.toml'\n[tool.flowc.policy]\nrequired = ['retry']\nlimits = {cpu = 4}\n"
    base = "[tool.flowc.policy]\nrequired = []\nowner = true\n"
    found = _settings(tmp_path, text, base=base)
    assert found.policy == {"required": ("retry",), "limits": {"cpu": 4}, "owner": True}
    assert [found.line_of("policy", *keys).line for keys in (["required"], ["limits", "cpu"], ["owner"], [])] == [
        4,
        5,
        3,
        3,
    ]
    assert found.line_of("policy", "owner").path.endswith("base.toml")
    assert found.line_of("policy", "limits", "cpu").col == 11
    assert _settings(tmp_path, "[tool.flowc]\n").policy == {}


def test_relative_paths_start_at_the_file_that_says_them(tmp_path: Path) -> None:
    (tmp_path / "team" / "libs").mkdir(parents=True)
    (tmp_path / "libs").mkdir()
    _settings(tmp_path, "[tool.flowc]\npath = ['libs']\n")
    (tmp_path / "team" / "pyproject.toml").write_text("[tool.flowc]\nextend = '../pyproject.toml'\n")
    assert read_settings(tmp_path / "team").import_folders() == (tmp_path / "libs",)
    (tmp_path / "team" / "pyproject.toml").write_text("[tool.flowc]\nextend = '..'\npath = ['libs']\n")
    assert read_settings(tmp_path / "team").import_folders() == (tmp_path / "team" / "libs",)


CIRCLES = {
    "two": {"pyproject": "extend = 'b.toml'", "b": "extend = 'pyproject.toml'"},
    "three": {"pyproject": "extend = 'b.toml'", "b": "extend = './c.toml'", "c": "extend = 'pyproject.toml'"},
    "not the first": {"pyproject": "extend = 'b.toml'", "b": "extend = 'c.toml'", "c": "extend = 'b.toml'"},
}


@pytest.mark.parametrize("name", CIRCLES)
def test_files_that_go_round_are_told_at_the_last_of_them(tmp_path: Path, name: str) -> None:
    (tmp_path / ".git").mkdir()
    for file, line in CIRCLES[name].items():
        (tmp_path / f"{file}.toml").write_text(f"[tool.flowc]\n{line}\n")
    with pytest.raises(SettingsError) as raised:
        read_settings(tmp_path)
    [found] = raised.value.report
    assert (found.rule.code, found.span.line, Path(found.span.path).stem) == ("FC807", 2, [*CIRCLES[name]][-1])


def test_mistakes_of_all_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        _settings(tmp_path, "[tool.flowc]\nextend = 'b.toml'\nstor = 1\n", b="[tool.flowc.argoo]\nx = 1\n")
    assert [(Path(each.span.path).name, each.span.line) for each in raised.value.report] == [
        ("b.toml", 1),
        ("pyproject.toml", 3),
    ]


def test_an_unknown_environment_names_those_there_are(tmp_path: Path) -> None:
    text = "[tool.flowc]\nextend = 'b.toml'\n[tool.flowc.env.prod]\n"
    with pytest.raises(ConfigError, match="did you mean `prod`"):
        _settings(tmp_path, text, "prd", b="[tool.flowc.env.staging]\n")
    with pytest.raises(ConfigError, match=r"there are: prod, staging"):
        _settings(tmp_path, text, "zzz", b="[tool.flowc.env.staging]\n")
    with pytest.raises(ConfigError, match=r"has no table \[tool.flowc.env.prod\]"):
        _settings(tmp_path, "[tool.flowc]\n", "prod")
    (tmp_path / "pyproject.toml").unlink()
    with pytest.raises(ConfigError, match="lies in no workspace"):
        read_settings(tmp_path, "prod")
