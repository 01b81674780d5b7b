"""What authors of flows import: `from flowc import FlowSpec, step`. Everything is loaded when it is first named."""

from __future__ import annotations

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
    from flowc.config_parsers import conda_environment_yml_parser as conda_environment_yml_parser
    from flowc.config_parsers import pyproject_toml_parser as pyproject_toml_parser
    from flowc.config_parsers import requirements_txt_parser as requirements_txt_parser
    from flowc.config_parsers import yaml_parser as yaml_parser
    from flowc.configs import Config as Config
    from flowc.configs import ConfigValue as ConfigValue
    from flowc.configs import config_expr as config_expr
    from flowc.datatools import S3 as S3
    from flowc.decorators import airflow_external_task_sensor as airflow_external_task_sensor
    from flowc.decorators import airflow_s3_key_sensor as airflow_s3_key_sensor
    from flowc.decorators import batch as batch
    from flowc.decorators import card as card
    from flowc.decorators import catch as catch
    from flowc.decorators import conda as conda
    from flowc.decorators import conda_base as conda_base
    from flowc.decorators import environment as environment
    from flowc.decorators import exit_hook as exit_hook
    from flowc.decorators import kubernetes as kubernetes
    from flowc.decorators import parallel as parallel
    from flowc.decorators import project as project
    from flowc.decorators import pypi as pypi
    from flowc.decorators import pypi_base as pypi_base
    from flowc.decorators import resources as resources
    from flowc.decorators import retry as retry
    from flowc.decorators import schedule as schedule
    from flowc.decorators import secrets as secrets
    from flowc.decorators import step as step
    from flowc.decorators import timeout as timeout
    from flowc.decorators import trigger as trigger
    from flowc.decorators import trigger_on_finish as trigger_on_finish
    from flowc.events import namespaced_event_name as namespaced_event_name
    from flowc.flowspec import FlowSpec as FlowSpec
    from flowc.includes import IncludeFile as IncludeFile
    from flowc.multicore import parallel_imap_unordered as parallel_imap_unordered
    from flowc.multicore import parallel_map as parallel_map
    from flowc.multicore import profile as profile
    from flowc.mutators import FlowMutator as FlowMutator
    from flowc.mutators import MutableFlow as MutableFlow
    from flowc.mutators import MutableStep as MutableStep
    from flowc.mutators import StepMutator as StepMutator
    from flowc.parameters import JSONType as JSONType
    from flowc.parameters import JSONTypeClass as JSONTypeClass
    from flowc.parameters import Parameter as Parameter
    from flowc.runner import Runner as Runner
    from flowc.running import current as current
    from flowc.wrappers import USER_SKIP_STEP as USER_SKIP_STEP
    from flowc.wrappers import UserStepDecorator as UserStepDecorator
    from flowc.wrappers import user_step_decorator as user_step_decorator

_HOMES = {
    "flowc.flowspec": "FlowSpec",
    "flowc.decorators": (
        "step retry catch timeout environment resources kubernetes batch secrets card parallel conda pypi schedule project "
        "trigger trigger_on_finish exit_hook conda_base pypi_base airflow_external_task_sensor airflow_s3_key_sensor"
    ),
    "flowc.parameters": "Parameter JSONType JSONTypeClass",
    "flowc.configs": "Config ConfigValue config_expr",
    "flowc.config_parsers": "yaml_parser requirements_txt_parser pyproject_toml_parser conda_environment_yml_parser",
    "flowc.includes": "IncludeFile",
    "flowc.running": "current",
    "flowc.multicore": "parallel_map parallel_imap_unordered profile",
    "flowc.client": (
        "Flow Run Step Task DataArtifact Metaflow namespace get_namespace default_namespace metadata get_metadata "
        "default_metadata"
    ),
    "flowc.datatools": "S3",
    "flowc.mutators": "StepMutator FlowMutator MutableStep MutableFlow",
    "flowc.wrappers": "user_step_decorator UserStepDecorator USER_SKIP_STEP",
    "flowc.cards": "get_cards",
    "flowc.runner": "Runner",
    "flowc.events": "namespaced_event_name",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

_DEPLOY = "write the files with `flowc argo create flow.py -o deploy/` or its like; your platform deploys them"
_INSTEAD = {
    "NBRunner": "a run needs a file: write the cell's flow to one and use Runner(file).run()",
    "Deployer": _DEPLOY,
    "DeployedFlow": _DEPLOY,
    "NBDeployer": _DEPLOY,
    "inspect_spin": "read a run with `flowc.Run`",
    "EventLogger": "use the module logging",
    "ArgoEvent": "publish the event with your broker's client",
}


if not TYPE_CHECKING:  # type checkers know the names from above, and that there are no others
    __all__ = list(_HOME)

    def __getattr__(name: str) -> Any:
        """A name of the language, loaded now; an ImportError that says what to use for one that is not there."""
        home = _HOME.get(name)
        if home is not None:
            value = globals()[name] = getattr(import_module(home), name)
            return value
        if name in _INSTEAD:
            raise ImportError(f"flowc has no {name}: {_INSTEAD[name]}", name="flowc")
        raise AttributeError(f"module 'flowc' has no attribute {name!r}")


def __dir__() -> list[str]:
    """All names that can be imported."""
    return sorted(_HOME)
