"""`metaflow` is flowc while a flow runs: each name works or says what to use."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import flowc
import pytest

from compiler.frontend.text.runtime_names import runtime_names

COMPAT = Path(flowc.__file__ or "").parent / "_compat"

OF_METAFLOW = """
    Config ConfigValue DataArtifact DeployedFlow Deployer EXT_PKG Flow FlowMutator FlowSpec IncludeFile JSONType JSONTypeClass
    Metaflow NBDeployer NBRunner Parameter R Run Runner S3 Step StepMutator Task USER_SKIP_STEP UserStepDecorator
    airflow_external_task_sensor airflow_internal airflow_s3_key_sensor argo_workflows_internal batch card cards catch cli_args
    client cmd_with_io conda conda_base conda_environment_yml_parser config_expr current datastore debug decorators
    default_metadata default_namespace environment event_logger events exception exit_hook extension_support flowspec
    get_metadata get_namespace graph includefile inspect_spin kubernetes meta_files metadata metadata_provider metaflow_config
    metaflow_config_funcs metaflow_current metaflow_environment metaflow_git metaflow_profile metaflow_version mflog monitor
    multicore_utils namespace namespaced_event_name os package package_sources packaging_sys parallel parallel_imap_unordered
    parallel_map parameters plugins profile project pypi pypi_base pyproject_toml_parser pytorch_parallel
    requirements_txt_parser resources retry runner schedule secrets sidecar step step_functions_internal sys system_context
    tagging_util timeout tracing trigger trigger_on_finish tuple_util unbounded_foreach unbounded_test_foreach_internal
    user_configs user_decorators user_step_decorator util version yaml_parser
""".split()  # noqa: SIM905 - a table is easier to read
"""The public names of Metaflow 2.19.39."""

WORKS = """
    FlowSpec step Parameter JSONType current S3 IncludeFile retry catch timeout environment resources
    kubernetes batch secrets card parallel conda pypi conda_base pypi_base schedule project trigger
    trigger_on_finish exit_hook namespace get_namespace default_namespace metadata get_metadata
    UserStepDecorator user_step_decorator USER_SKIP_STEP StepMutator FlowMutator MutableStep MutableFlow
    default_metadata Runner NBRunner get_cards namespaced_event_name Metaflow Flow Run Step Task DataArtifact
    parallel_map parallel_imap_unordered profile ArgoEvent Deployer DeployedFlow NBDeployer
""".split()  # noqa: SIM905 - a table is easier to read
NAMED = """
    inspect_spin tuple_util
    pytorch_parallel model checkpoint huggingface_hub pip trigger_on torchrun metaflow_ray
""".split()  # noqa: SIM905 - a table is easier to read


@pytest.fixture(autouse=True)
def _on_the_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`metaflow` is ours, and gone after the test."""
    monkeypatch.syspath_prepend(str(COMPAT))
    before = list(sys.meta_path)
    yield
    sys.meta_path[:] = before
    for name in [name for name in sys.modules if name.partition(".")[0] == "metaflow"]:
        del sys.modules[name]


@pytest.mark.parametrize("name", WORKS)
@pytest.mark.language("flow.metaflow", "names.all")
def test_a_name_that_works_is_flowcs(name: str) -> None:
    assert getattr(import_module("metaflow"), name) is getattr(flowc, name)


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.language("names.all")
def test_a_name_that_is_not_there_says_what_to_use(name: str) -> None:
    with pytest.raises(ImportError, match=rf"flowc has no {name}: \w.{{10,}}"):
        exec(f"from metaflow import {name}", {})


def _told(statement: str) -> str | None:
    """The ImportError of a statement; None where it works."""
    try:
        exec(statement, {})
    except ImportError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", OF_METAFLOW)
@pytest.mark.language("names.all")
def test_each_name_of_metaflow_works_or_says_what_to_use(name: str) -> None:
    told = _told(f"from metaflow import {name}")
    assert told is None or re.fullmatch(rf"flowc has no {name}: .{{12,}}", told)


TABLE = runtime_names()
NAMES = [
    *OF_METAFLOW,
    "Paramter",
    "named_env",
    "_private",
    "checkpoint",
    "StepDecorator",
    "MetaflowException",
    "Markdown",
    "S3",
]
MODULES = [name for name in TABLE._listed if name.startswith("metaflow.")]
NO_MODULES = [
    "metaflow.nonsense",
    "metaflow.plugins.gcp",
    "metaflow.plugins.gcp.x",
    "metaflow._vendor",
    "metaflow.cli",
    "flowc.nonsense",
]


@pytest.mark.parametrize("module", ["metaflow", "flowc", "metaflow.plugins", "metaflow.runner", *MODULES])
def test_the_table_of_the_compiler_agrees_name_by_name(module: str) -> None:
    """What it lists can be imported, what it does not list cannot, and the advice is the runtime's."""
    listed = TABLE.names(module)
    assert listed is not None
    for name in sorted({*listed, *NAMES} - ({"sys"} if module == "flowc" else set())):  # its own import of it, no name
        told = _told(f"from {module} import {name}")
        assert (told is None) == (name in listed), name
        advice = TABLE.instead(module, name)
        assert told is None or not advice or told.endswith(f": {advice}"), name


@pytest.mark.parametrize("module", [*NO_MODULES, *MODULES])
def test_the_table_of_the_compiler_knows_which_modules_there_are(module: str) -> None:
    told = _told(f"import {module}")
    assert (told is None) == TABLE.is_module(module)
    assert told is None or not TABLE.instead(module, None) or told.endswith(f": {TABLE.instead(module, None)}")


@pytest.mark.parametrize(
    "module", ["metaflow", "flowc", "metaflow.client", "metaflow.util", "metaflow.metaflow_config"]
)
def test_a_star_brings_what_the_table_says(module: str) -> None:
    space: dict[str, object] = {}
    exec(f"from {module} import *", space)
    assert space.keys() - {"__builtins__"} == TABLE.by_star(module)


def test_a_name_that_never_was_is_an_ordinary_error() -> None:
    with pytest.raises(ImportError, match="cannot import name 'Flowspec'"):
        exec("from metaflow import Flowspec", {})


@pytest.mark.parametrize(
    ("statement", "home"),
    [
        ("from metaflow.exception import MetaflowException as x", "flowc.exceptions.MetaflowException"),
        ("from metaflow.exception import MetaflowNotFound as x", "flowc.exceptions.MetaflowNotFound"),
        ("from metaflow.client import Run as x", "flowc.client.Run"),
        ("from metaflow.client.core import Task as x", "flowc.client.Task"),
        ("from metaflow.datatools import S3 as x", "flowc.datatools.S3"),
        ("from metaflow.datatools.s3 import MetaflowS3NotFound as x", "flowc.datatools.MetaflowS3NotFound"),
        ("from metaflow.plugins.datatools.s3 import S3 as x", "flowc.datatools.S3"),
        (
            "from metaflow.plugins.datatools.s3.s3 import MetaflowS3URLException as x",
            "flowc.datatools.MetaflowS3URLException",
        ),
        ("from metaflow.metaflow_current import current as x", "flowc.language.current.current"),
        ("from metaflow.parameters import JSONType as x", "flowc.language.parameters.JSONType"),
        ("from metaflow.flowspec import FlowSpec as x", "flowc.language.flowspec.FlowSpec"),
        ("from metaflow.decorators import step as x", "flowc.language.decorators.step"),
        ("from metaflow.multicore_utils import parallel_map as x", "flowc.language.multicore.parallel_map"),
        ("import metaflow.client; x = metaflow.client.Flow", "flowc.client.Flow"),
        ("import metaflow.exception as e; x = e.MetaflowException", "flowc.exceptions.MetaflowException"),
        ("from metaflow import exception; x = exception.MetaflowException", "flowc.exceptions.MetaflowException"),
        ("import metaflow as mf; x = mf.includefile.IncludeFile", "flowc.datatools.include_file.IncludeFile"),
        ("import metaflow as mf; x = mf.runner.metaflow_runner.Runner", "flowc.client.runner.Runner"),
        ("from metaflow import *; x = FlowSpec", "flowc.language.flowspec.FlowSpec"),
        ("from metaflow.client import *; x = Run", "flowc.client.Run"),
        ("from metaflow.cards import Markdown as x", "flowc.cards.Markdown"),
        ("from metaflow import get_cards as x", "flowc.cards.get_cards"),
        ("from metaflow.plugins.cards.card_modules.card import MetaflowCard as x", "flowc.cards.MetaflowCard"),
    ],
)
def test_a_submodule_is_flowcs(statement: str, home: str) -> None:
    space: dict[str, object] = {}
    exec(statement, space)
    module, _, name = home.rpartition(".")
    assert space["x"] is getattr(import_module(module), name)


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("from metaflow.cards import Plotly", "metaflow.cards.Plotly: use one of the components"),
        (
            "from metaflow.plugins.kubernetes.kubernetes_client import X",
            "metaflow.plugins.kubernetes: flowc's own targets",
        ),
        (
            "from metaflow.plugins import KubernetesDecorator",
            "metaflow.plugins.KubernetesDecorator: flowc's own targets",
        ),
        (
            "from metaflow.metaflow_config import SFN_IAM_ROLE",
            "metaflow.metaflow_config.SFN_IAM_ROLE: the store is FLOWC_STORE",
        ),
        ("import metaflow.metaflow_environment", "metaflow.metaflow_environment: what the image holds"),
        ("from metaflow.client import _CLASSES", "metaflow.client._CLASSES: it is private to Metaflow"),
        ("from metaflow.decorators import StepDecorator", "metaflow.decorators.StepDecorator: write the decorator"),
        ("from metaflow.client import MetaflowCode", "metaflow.client.MetaflowCode: the code is"),
        ("import metaflow.nonsense", "metaflow.nonsense: see the language's page"),
    ],
)
def test_a_submodule_that_is_not_there_says_what_to_use(statement: str, text: str) -> None:
    with pytest.raises(ImportError, match=f"flowc stands in for metaflow and has no {text}"):
        exec(statement, {})


def test_pickles_name_flowc_and_never_metaflow() -> None:
    space: dict[str, object] = {}
    exec(
        "from metaflow import FlowSpec, Run, Flow, Task, Parameter\nfrom metaflow.exception import MetaflowException",
        space,
    )
    del space["__builtins__"]
    for value in (*space.values(), space["MetaflowException"]("m")):  # type: ignore[operator]
        data = pickle.dumps(value)
        assert b"metaflow." not in data
        assert b"flowc." in data


def test_it_is_no_top_level_package() -> None:
    code = "import sys, flowc, flowc.client; import importlib.util; print(importlib.util.find_spec('metaflow'), 'metaflow' in sys.modules)"
    environment = {"PYTHONPATH": str(COMPAT.parent.parent), "PATH": os.environ["PATH"]}
    printed = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, env=environment, cwd="/"
    )
    assert printed.stdout == "None False\n"


def test_a_name_that_an_extension_in_the_image_brings_is_found_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "metaflow_extensions" / "acme" / "toplevel"
    home.mkdir(parents=True)
    (home / "__init__.py").write_text("toplevel = 'names'\n")
    (home / "names.py").write_text("def torchrun(function):\n    return function\nPORT = 1\n")
    (tmp_path / "metaflow_extensions" / "empty").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    metaflow = import_module("metaflow")
    try:
        assert metaflow.torchrun.__module__ == "metaflow_extensions.acme.toplevel.names"
        assert metaflow.PORT == 1
        assert metaflow.retry is flowc.retry
        with pytest.raises(
            ImportError, match=r"flowc has no checkpoint: .* put a package `metaflow_extensions/<name>/toplevel`"
        ):
            metaflow.checkpoint  # noqa: B018 - the access is the test
    finally:
        for name in [name for name in sys.modules if name.startswith("metaflow_extensions")]:
            del sys.modules[name]


def test_what_decorators_of_extensions_derive_from_is_named_with_the_way_round() -> None:
    with pytest.raises(ImportError, match=r"metaflow.plugins.parallel_decorator: .*use @parallel with num_parallel"):
        import_module("metaflow.plugins.parallel_decorator")


@pytest.mark.parametrize(
    ("store", "values"),
    [
        ("s3://bucket/flows", ("s3", "s3://bucket/flows", None, "s3://bucket/flows/data")),
        ("file:/tmp/flows", ("local", None, "/tmp/flows", None)),
    ],
)
@pytest.mark.language("names.config")
def test_the_configuration_is_told_as_it_is_here(
    store: str, values: tuple[str | None, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWC_STORE", store)
    monkeypatch.setenv("METAFLOW_TRIES", "7")
    found = import_module("metaflow").metaflow_config
    asked = ("DEFAULT_DATASTORE", "DATASTORE_SYSROOT_S3", "DATASTORE_SYSROOT_LOCAL", "DATATOOLS_S3ROOT")
    assert tuple(getattr(found, name) for name in asked) == values
    assert (found.from_conf("TRIES", 3), found.from_conf("OTHER", [1])) == (7, [1])


def test_the_functions_of_util_do_what_their_names_say(monkeypatch: pytest.MonkeyPatch) -> None:
    util = import_module("metaflow.util")
    monkeypatch.setenv("METAFLOW_USER", "ann")
    assert (util.get_username(), util.resolve_identity()) == ("ann", "user:ann")
    assert util.url_unquote(util.url_quote("a b/å")) == "a b/å"
    assert util.to_fileobj("å").read() == "å".encode()
    assert (util.to_unicode(b"a"), util.to_bytes(1.5), util.is_stringish(b"")) == ("a", b"1.5", True)
    assert [util.longest_common_prefix(each) for each in ([], ["ab"], ["abc", "abd"], ["x", "y"])] == [
        "",
        "ab",
        "ab",
        "",
    ]
    assert (util.all_equal([]), util.all_equal([1, 1]), util.all_equal([None, 1])) == (True, True, False)
