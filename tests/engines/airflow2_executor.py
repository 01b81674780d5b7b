"""An executor for Airflow 2 on sqlite: as its SequentialExecutor one task after the other, but in forks, which need no new interpreter."""

from __future__ import annotations

import logging
import os
import traceback
from typing import Any

import airflow.providers.cncf.kubernetes.operators.pod  # noqa: F401 - what every DAG file imports is then there
from airflow import settings
from airflow.executors.sequential_executor import SequentialExecutor


class Forking(SequentialExecutor):
    """Runs each command of a task in a child of the scheduler."""

    def sync(self) -> None:
        """Run what waits."""
        commands: list[tuple[Any, list[str]]] = self.commands_to_run
        self.commands_to_run = []
        for key, command in commands:
            child = os.fork()
            if not child:
                _run(command)
            _, status = os.waitpid(child, 0)
            if status:
                self.fail(key)
            else:
                self.success(key)


def _run(command: list[str]) -> None:
    from airflow.cli.cli_parser import get_parser  # it imports executors itself

    code = 1
    try:
        settings.engine.dispose()
        arguments = get_parser().parse_args(command[1:])
        arguments.shut_down_logging = False
        arguments.func(arguments)
        code = 0
    except Exception:  # noqa: BLE001 - it is shown, and the task has failed
        traceback.print_exc()
    finally:
        logging.shutdown()
        os._exit(code)
