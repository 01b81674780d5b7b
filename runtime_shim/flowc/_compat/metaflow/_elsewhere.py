"""Which module of flowc each submodule of the language is, and what to use in place of what is not there."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec

from flowc.public_names import Facade, public_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HOMES = {
    "cards": "flowc.cards",
    "client": "flowc.client",
    "client.core": "flowc.client",
    "datatools": "flowc.datatools",
    "datatools.s3": "flowc.datatools",
    "decorators": "flowc.language.decorators",
    "events": "flowc.client.trigger",
    "exception": "flowc.exceptions",
    "flowspec": "flowc.language.flowspec",
    "includefile": "flowc.datatools.include_file",
    "integrations": "flowc.client.argo_event",
    "metaflow_config": "metaflow._config",
    "metaflow_config_funcs": "metaflow._config",
    "metaflow_current": "flowc.language.current",
    "metaflow_profile": "flowc.language.multicore",
    "metaflow_version": "metaflow._version",
    "multicore_utils": "flowc.language.multicore",
    "parameters": "flowc.language.parameters",
    "plugins.argo.argo_events": "flowc.client.argo_event",
    "plugins.catch_decorator": "flowc.exceptions",
    "plugins.timeout_decorator": "flowc.exceptions",
    "user_decorators.user_flow_decorator": "flowc.source.mutators",
    "user_decorators.user_step_decorator": "flowc.language.wrappers",
    "user_decorators.mutable_flow": "flowc.source.mutators",
    "user_decorators.mutable_step": "flowc.source.mutators",
    "user_decorators.common": "flowc.language.wrappers",
    "runner.deployer": "flowc.client.deployer",
    "runner.deployer_impl": "flowc.client.deployer",
    "runner.metaflow_runner": "flowc.client.runner",
    "runner.nbdeploy": "flowc.client.notebook",
    "runner.nbrun": "flowc.client.notebook",
    "plugins.cards.card_client": "flowc.cards",
    "plugins.cards.card_modules.basic": "flowc.cards",
    "plugins.cards.card_modules.card": "flowc.cards",
    "plugins.cards.card_modules.components": "flowc.cards",
    "plugins.datatools": "flowc.datatools",
    "plugins.parsers": "flowc.language.config_parsers",
    "plugins.pypi.parsers": "flowc.language.config_parsers",
    "user_configs.config_parameters": "flowc.language.configs",
    "plugins.datatools.s3": "flowc.datatools",
    "plugins.datatools.s3.s3": "flowc.datatools",
    "util": "metaflow._util",
}

_EXTENSION = (
    "it belongs to an extension of Metaflow, which flowc does not run: say what it does in the step itself, or put a package "
    "`metaflow_extensions/<name>/toplevel` that has it into the image"
)
_CONFIG = "the store is FLOWC_STORE; options are on the command line and in [tool.flowc] of pyproject.toml"
_DECORATOR = "write the decorator as a plain Python function above @step"
_ENGINE = "it is part of the engine of Metaflow, which does not run here; what a step knows of its run is in `current`"
_LOGGING = "use the module `logging`: what a step prints is in its log"
_PACKAGE = "the code is in the image or in the package that the deployment names"
_INTERNAL = "remove it: it belongs to a deployment by Metaflow; `flowc argo deploy` and its like deploy here"
_PRIVATE = "it is private to Metaflow, and flowc has other parts inside: use what `metaflow` names in the open"
_R = "flows in R do not run here"

_INSTEAD = {
    "cards": "use one of the components of flowc.cards, or derive your own from MetaflowCardComponent",
    "metaflow_config": _CONFIG,
    "metaflow_config_funcs": _CONFIG,
    "plugins.parallel_decorator": (
        "a decorator that derives from ParallelDecorator does not work here; use @parallel with num_parallel, and start the framework "
        "in the step: current.parallel says which node it is on"
    ),
    "plugins.aws.aws_client": "use `boto3.client(...)`",
    "plugins.aws.secrets_manager": "name the secret above the step: `@secrets(sources=[...])`",
    "plugins": "flowc's own targets and decorators are in `flowc`; a plugin of Metaflow's cannot be used with it",
    "_vendor": "import the package itself, and list it in the image",
    "datastore": "read and write with `self.<name>`, the Client or `S3()`",
    "metadata_provider": "read runs with the Client",
    "runner": "use Runner and Deployer of `metaflow`",
    "user_decorators": _DECORATOR,
    "extension_support": _EXTENSION,
    "unbounded_foreach": "use foreach over a list",
    "tuple_util": "use `collections.namedtuple`",
    "util": "use the standard library; who runs the flow is `current.username`",
    "graph": "a step finds the graph in `current.graph`",
    "event_logger": _LOGGING,
    "mflog": _LOGGING,
    "debug": _LOGGING,
    "monitor": "measure in the step, by `metaflow.profile` or the client of your metrics",
    "tracing": "trace in the step, by the client of your traces",
    "sidecar": "start the process in the step",
    "tagging_util": "tags are in `current.tags`",
    "metaflow_git": "give what the run is to know as a Parameter",
    "metaflow_environment": "what the image holds, the step can ask Python itself",
    "package": _PACKAGE,
    "packaging_sys": _PACKAGE,
    "meta_files": _PACKAGE,
    "system": _ENGINE,
    "system_context": _ENGINE,
    "cli": "call the command `flowc`, or use Runner",
    "cli_components": "call the command `flowc`, or use Runner",
    "cli_args": "call the command `flowc`, or use Runner",
    "cmd": "call the command `flowc`, or use Runner",
    "cmd_with_io": "call `subprocess.run` in the step",
    "clone_util": _ENGINE,
    "lint": "call `flowc check`",
    "pylint_wrapper": "call `flowc check`",
    "procpoll": "use `selectors`",
    "runtime": _ENGINE,
    "task": _ENGINE,
    "version": "the version is `metaflow_version.get_version()`",
    "vendor": "import the package itself, and list it in the image",
    "tutorials": "copy the tutorial beside the flow",
    "R": _R,
}

_NAMES = {
    "model": _EXTENSION,
    "checkpoint": _EXTENSION,
    "huggingface_hub": _EXTENSION,
    "load_model": _EXTENSION,
    "EXT_PKG": _EXTENSION,
    "pip": "list the packages in the image, or use @pypi",
    "pip_base": "list the packages in the image, or use @pypi_base",
    "trigger_on": "use @trigger or @trigger_on_finish",
    "pytorch_parallel": "use @parallel and set up torch in the step",
    "torchrun": "use @parallel and call torchrun in the step",
    "metaflow_ray": "use @parallel and start ray in the step",
    "tuple_util": "use `collections.namedtuple`",
    "StepDecorator": _DECORATOR,
    "FlowDecorator": "write the decorator as a plain Python function above the class",
    "MetaflowCode": _PACKAGE,
    "get_aws_client": "use `boto3.client(...)`",
    "argo_workflows_internal": _INTERNAL,
    "step_functions_internal": _INTERNAL,
    "airflow_internal": _INTERNAL,
    "unbounded_test_foreach_internal": "use foreach over a list",
    "package_sources": _PACKAGE,
    "os": "write `import os`",
    "sys": "write `import sys`",
}
"""What to use in place of names, wherever they are asked for."""


class Finder:
    """Finds the submodules of `metaflow` that are modules of flowc, and names what to use for all others."""

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        """The submodule; an ImportError that says what to use where flowc has none. Not ours: None."""
        root, _, name = fullname.partition(".")
        if root != "metaflow" or not name:
            return None
        if _is_home(name):
            return ModuleSpec(fullname, _facade(name), is_package=True)  # type: ignore[arg-type]  # all that is asked of a loader
        raise ModuleNotFoundError(f"flowc stands in for metaflow and has no {fullname}: {instead(name)}", name=fullname)


def _is_home(name: str) -> bool:
    """Whether flowc has a submodule of that name, or one below it."""
    return name in _HOMES or any(home.startswith(f"{name}.") for home in _HOMES)


def submodule(name: str) -> Any:
    """The submodule, which `import metaflow` alone brings, too; None where there is none."""
    return import_module(f"metaflow.{name}") if _is_home(name) else None


def _facade(name: str) -> Facade:
    """Makes a module whose names are those of its home in flowc, then those of `flowc` and its exceptions."""
    home = import_module(_HOMES[name]) if name in _HOMES else None

    def look_up(wanted: str) -> Any:
        if _is_home(f"{name}.{wanted}"):
            return submodule(f"{name}.{wanted}")
        for place in (home, sys.modules["flowc"], import_module("flowc.exceptions")):
            if place is not None and wanted in public_names(place):
                return getattr(place, wanted)
        text = instead(f"{name}.{wanted}", wanted)
        raise ImportError(
            f"flowc stands in for metaflow and has no metaflow.{name}.{wanted}: {text}", name=f"metaflow.{name}"
        )

    return Facade(look_up, lambda: public_names(home) if home else [])


def instead(path: str, name: str = "") -> str:
    """What to use in place of a submodule, or of a name in one."""
    if name in _NAMES:
        return _NAMES[name]
    if name.startswith("_"):
        return _PRIVATE
    while path:
        if path in _INSTEAD:
            return _INSTEAD[path]
        path = path.rpartition(".")[0]
    return "see the language's page for what a flow may use"


def from_image(name: str) -> Any:
    """A name that an extension in this image puts into `metaflow`, as Metaflow's extensions do; None where there is none.

    That is `metaflow_extensions/<name>/toplevel/`, with what it calls its `toplevel` module.
    """
    if name.startswith("_"):
        return None
    try:
        folders = import_module("metaflow_extensions").__path__
    except ImportError:
        return None
    for package in sorted({entry for folder in folders for entry in os.listdir(folder)}):
        found = _top_level(package)
        if found is not None and hasattr(found, name):
            return getattr(found, name)
    return None


def _top_level(package: str) -> Any:
    """The module whose names an extension adds; None where it adds none."""
    place = f"metaflow_extensions.{package}.toplevel"
    try:
        if find_spec(place) is None:
            return None
    except ModuleNotFoundError:
        return None
    home = import_module(place)
    inner = getattr(home, "toplevel", None)
    return import_module(f"{place}.{inner}") if isinstance(inner, str) else home


def name_instead(name: str) -> str | None:
    """What to use in place of a name of `metaflow` itself; None where there never was such a name."""
    return _NAMES.get(name) or _INSTEAD.get(name)


def install() -> None:
    """Let `import metaflow.x` find what flowc has, once in a process."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.append(Finder())
