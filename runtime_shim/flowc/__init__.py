"""What authors of flows import: `from flowc import FlowSpec, step`. Everything is loaded when it is first named."""

from __future__ import annotations

import sys
from importlib import import_module

__version__ = "0.1.0"
"""The version of both distributions, `flowc` and `flowc-runtime`: their `pyproject.toml` read it here."""

# `python -m flowc` runs this file while the folder that it was started in is still on the path: nothing is imported here
# that a file of the author's could answer.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.cards import get_cards as get_cards
    from flowc.client import DataArtifact as DataArtifact
    from flowc.client import Flow as Flow
    from flowc.client import Metaflow as Metaflow
    from flowc.client import Run as Run
    from flowc.client import Step as Step
    from flowc.client import Task as Task
    from flowc.client import default_metadata as default_metadata
    from flowc.client import default_namespace as default_namespace
    from flowc.client import get_metadata as get_metadata
    from flowc.client import get_namespace as get_namespace
    from flowc.client import metadata as metadata
    from flowc.client import namespace as namespace
    from flowc.client.argo_event import ArgoEvent as ArgoEvent
    from flowc.client.deployer import DeployedFlow as DeployedFlow
    from flowc.client.deployer import Deployer as Deployer
    from flowc.client.deployer import TriggeredRun as TriggeredRun
    from flowc.client.deployer import list_deployed_flows as list_deployed_flows
    from flowc.client.notebook import NBDeployer as NBDeployer
    from flowc.client.notebook import NBRunner as NBRunner
    from flowc.client.runner import Runner as Runner
    from flowc.client.trigger import namespaced_event_name as namespaced_event_name
    from flowc.datatools import S3 as S3
    from flowc.datatools.include_file import IncludeFile as IncludeFile
    from flowc.language.config_parsers import conda_environment_yml_parser as conda_environment_yml_parser
    from flowc.language.config_parsers import pyproject_toml_parser as pyproject_toml_parser
    from flowc.language.config_parsers import requirements_txt_parser as requirements_txt_parser
    from flowc.language.config_parsers import yaml_parser as yaml_parser
    from flowc.language.configs import Config as Config
    from flowc.language.configs import ConfigValue as ConfigValue
    from flowc.language.configs import config_expr as config_expr
    from flowc.language.current import current as current
    from flowc.language.decorators import airflow_external_task_sensor as airflow_external_task_sensor
    from flowc.language.decorators import airflow_s3_key_sensor as airflow_s3_key_sensor
    from flowc.language.decorators import batch as batch
    from flowc.language.decorators import card as card
    from flowc.language.decorators import catch as catch
    from flowc.language.decorators import conda as conda
    from flowc.language.decorators import conda_base as conda_base
    from flowc.language.decorators import environment as environment
    from flowc.language.decorators import exit_hook as exit_hook
    from flowc.language.decorators import kubernetes as kubernetes
    from flowc.language.decorators import parallel as parallel
    from flowc.language.decorators import project as project
    from flowc.language.decorators import pypi as pypi
    from flowc.language.decorators import pypi_base as pypi_base
    from flowc.language.decorators import resources as resources
    from flowc.language.decorators import retry as retry
    from flowc.language.decorators import schedule as schedule
    from flowc.language.decorators import secrets as secrets
    from flowc.language.decorators import step as step
    from flowc.language.decorators import timeout as timeout
    from flowc.language.decorators import trigger as trigger
    from flowc.language.decorators import trigger_on_finish as trigger_on_finish
    from flowc.language.flowspec import FlowSpec as FlowSpec
    from flowc.language.multicore import parallel_imap_unordered as parallel_imap_unordered
    from flowc.language.multicore import parallel_map as parallel_map
    from flowc.language.multicore import profile as profile
    from flowc.language.parameters import JSONType as JSONType
    from flowc.language.parameters import JSONTypeClass as JSONTypeClass
    from flowc.language.parameters import Parameter as Parameter
    from flowc.language.wrappers import USER_SKIP_STEP as USER_SKIP_STEP
    from flowc.language.wrappers import UserStepDecorator as UserStepDecorator
    from flowc.language.wrappers import user_step_decorator as user_step_decorator
    from flowc.source.mutators import FlowMutator as FlowMutator
    from flowc.source.mutators import MutableFlow as MutableFlow
    from flowc.source.mutators import MutableStep as MutableStep
    from flowc.source.mutators import StepMutator as StepMutator

_HOMES = {
    "flowc.language.flowspec": "FlowSpec",
    "flowc.language.decorators": (
        "step retry catch timeout environment resources kubernetes batch secrets card parallel conda pypi schedule project "
        "trigger trigger_on_finish exit_hook conda_base pypi_base airflow_external_task_sensor airflow_s3_key_sensor"
    ),
    "flowc.language.parameters": "Parameter JSONType JSONTypeClass",
    "flowc.language.configs": "Config ConfigValue config_expr",
    "flowc.language.config_parsers": "yaml_parser requirements_txt_parser pyproject_toml_parser conda_environment_yml_parser",
    "flowc.datatools.include_file": "IncludeFile",
    "flowc.language.current": "current",
    "flowc.language.multicore": "parallel_map parallel_imap_unordered profile",
    "flowc.client": (
        "Flow Run Step Task DataArtifact Metaflow namespace get_namespace default_namespace metadata get_metadata "
        "default_metadata"
    ),
    "flowc.datatools": "S3",
    "flowc.source.mutators": "StepMutator FlowMutator MutableStep MutableFlow",
    "flowc.language.wrappers": "user_step_decorator UserStepDecorator USER_SKIP_STEP",
    "flowc.cards": "get_cards",
    "flowc.client.argo_event": "ArgoEvent",
    "flowc.client.runner": "Runner",
    "flowc.client.deployer": "Deployer DeployedFlow TriggeredRun list_deployed_flows",
    "flowc.client.notebook": "NBRunner NBDeployer",
    "flowc.client.trigger": "namespaced_event_name",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

INSTEAD = {
    "inspect_spin": "read a run with `flowc.Run`",
    "EventLogger": "use the module logging",
}
"""What to use in place of names of the language that are not here."""


if not TYPE_CHECKING:  # type checkers know the names from above, and that there are no others
    __all__ = list(_HOME)

    def __getattr__(name: str) -> Any:
        """A name of the language, loaded now; an ImportError that says what to use for one that is not there."""
        home = _HOME.get(name)
        if home is not None:
            value = globals()[name] = getattr(import_module(home), name)
            return value
        if name in INSTEAD:
            raise ImportError(f"flowc has no {name}: {INSTEAD[name]}", name="flowc")
        raise AttributeError(f"module 'flowc' has no attribute {name!r}")


class _Moved:
    """Asked for a module of `flowc` that is not there: pickles name those of version 0.1.0, which lie elsewhere now."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> Any:
        """Where the module is now; None where there never was one."""
        if not name.startswith("flowc.") or name == "flowc.moved_modules":
            return None
        from flowc.moved_modules import spec_of

        return spec_of(name)


sys.meta_path.append(_Moved)


def __dir__() -> list[str]:
    """All names that can be imported."""
    return sorted(_HOME)
