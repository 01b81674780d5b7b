"""Where the tests of a module are: `python -m tests.house.where flowc.artifacts.codec`.

A test file has its module's name, in the folder of its room. Where several modules are tested together, the table says in which.
"""

from __future__ import annotations

import sys

from tests.house.modules import PACKAGES, ROOT, modules

TOGETHER = {
    "flowc.__main__": "tests/runtime/task/test_task.py",
    "flowc._compat": "tests/runtime/test_metaflow.py",
    "flowc.artifacts.failure": "tests/failure/test_ends.py",
    "flowc.artifacts.manifest": "tests/runtime/artifacts/test_ordering.py",
    "flowc.artifacts.work": "tests/runtime/artifacts/test_saving.py",
    "flowc.cards": "tests/runtime/cards/test_cards.py",
    "flowc.client": "tests/runtime/client/test_flows.py",
    "flowc.container": "tests/runtime/task/test_task.py",
    "flowc.container.fork_server": "tests/run/test_local_run.py",
    "flowc.container.members": "tests/runtime/task/test_ways.py",
    "flowc.container.messages": "tests/run/test_processes.py",
    "flowc.container.sessions": "tests/run/test_processes.py",
    "flowc.container.trigger_events": "tests/argo/test_events.py",
    "flowc.datatools": "tests/runtime/datatools/test_s3.py",
    "flowc.datatools.include_file": "tests/runtime/language/test_parameters.py",
    "flowc.exceptions": "tests/runtime/test_names.py",
    "flowc.shown": "tests/runtime/shown/test_html.py",
    "flowc.grouping": "tests/runtime/grouping/test_running.py",
    "flowc.processes": "tests/runtime/processes/test_forks.py",
    "compiler.ui": "tests/ui/test_pages.py",
    "compiler.ui.app": "tests/ui/test_pages.py",
    "compiler.ui.comparing": "tests/ui/test_pages.py",
    "compiler.ui.exporting": "tests/ui/test_pages.py",
    "compiler.ui.live": "tests/ui/test_browser.py",
    "compiler.ui.needed": "tests/ui/test_pages.py",
    "compiler.ui.serving": "tests/ui/test_pages.py",
    "compiler.ui.value": "tests/ui/test_pages.py",
    "compiler.commands.views.ui": "tests/ui/test_pages.py",
    "compiler.lsp": "tests/lsp/test_server.py",
    "compiler.lsp.answers": "tests/lsp/test_server.py",
    "compiler.lsp.names": "tests/lsp/test_server.py",
    "compiler.commands.views.lsp": "tests/lsp/test_server.py",
    "flowc.language": "tests/runtime/task/test_task.py",
    "flowc.language.config_parsers": "tests/call/test_configs.py",
    "flowc.language.configs": "tests/call/test_configs.py",
    "flowc.language.current": "tests/runtime/task/test_surroundings.py",
    "flowc.language.multicore": "tests/runtime/processes/test_forks.py",
    "flowc.language.signatures": "tests/release/test_types.py",
    "flowc.language.static_transition": "tests/runtime/task/test_task.py",
    "flowc.language.transition": "tests/runtime/artifacts/test_loading.py",
    "flowc.moved_modules": "tests/version_0_1_0/test_names.py",
    "flowc.public_names": "tests/runtime/test_names.py",
    "flowc.tracking": "tests/runtime/tracking/test_task_run.py",
    "flowc.tracking.runs": "tests/runtime/tracking/test_task_run.py",
    "flowc.tracking.telling": "tests/runtime/tracking/test_task_run.py",
    "flowc.replaying": "tests/replay/test_differences.py",
    "flowc.replaying.comparison": "tests/replay/test_differences.py",
    "flowc.replaying.debugger": "tests/replay/test_debugger.py",
    "flowc.source.declaration": "tests/frontend/test_importing.py",
    "flowc.source.graph": "tests/runtime/cards/test_cards.py",
    "flowc.store": "tests/runtime/store/test_files.py",
    "flowc.store.aws": "tests/runtime/store/test_credentials.py",
    "flowc.store.aws.objects": "tests/runtime/store/test_s3.py",
    "flowc.source.recorded": "tests/replay/test_shapes.py",
    "flowc.task": "tests/runtime/task/test_task.py",
    "flowc.resuming.clone": "tests/failure/test_resume.py",
    "flowc.resuming.resubmitted": "tests/runtime/task/test_takeover.py",
    "flowc.task.again": "tests/runtime/task/test_task.py",
    "flowc.task.child": "tests/runtime/task/test_recursion.py",
    "flowc.threads": "tests/runtime/processes/test_forks.py",
    "compiler": "tests/commands/test_commands.py",
    "compiler.backends.airflow": "tests/airflow/test_emit.py",
    "compiler.backends.airflow.operate": "tests/airflow/operate/test_engine.py",
    "compiler.backends.airflow.operate.api": "tests/airflow/operate/test_wire.py",
    "compiler.backends.airflow.operate.api.airflow2": "tests/airflow/operate/test_airflow2.py",
    "compiler.backends.airflow.operate.notes": "tests/airflow/operate/test_tasks.py",
    "compiler.backends.airflow.segments": "tests/airflow/test_switches.py",
    "compiler.backends.airflow.sensors": "tests/airflow/test_events.py",
    "compiler.backends.argo": "tests/argo/test_emission.py",
    "compiler.backends.secrets": "tests/argo/test_secrets.py",
    "compiler.backends.stepfunctions": "tests/stepfunctions/test_emission.py",
    "compiler.backends.stepfunctions.operate": "tests/stepfunctions/operate/test_engine.py",
    "compiler.backends.stepfunctions.operate.comparing": "tests/stepfunctions/operate/test_deploying.py",
    "compiler.backends.stepfunctions.operate.history": "tests/stepfunctions/operate/test_runs.py",
    "compiler.backends.stepfunctions.operate.reasons": "tests/stepfunctions/operate/test_batch_jobs.py",
    "compiler.backends.stepfunctions.operate.wanted": "tests/stepfunctions/operate/test_deploying.py",
    "compiler.call": "tests/commands/test_commands.py",
    "compiler.workspace.folder_files": "tests/argo/test_deployment.py",
    "compiler.commands": "tests/commands/test_commands.py",
    "compiler.commands.create": "tests/fleet/test_folder.py",
    "compiler.fleet": "tests/fleet/test_folder.py",
    "compiler.fleet.changed": "tests/workspace/revisions/test_changes.py",
    "compiler.commands.image": "tests/workspace/image/test_recipes.py",
    "compiler.commands.runs.inspect": "tests/call/test_history.py",
    "compiler.commands.package": "tests/workspace/test_package.py",
    "compiler.commands.verify": "tests/call/test_verifying.py",
    "compiler.commands.runs.runs": "tests/call/test_history.py",
    "compiler.diagnostics": "tests/report/test_render.py",
    "compiler.frontend": "tests/frontend/test_reading.py",
    "compiler.frontend.dataflow": "tests/diagnostics/dataflow_cases.py",
    "compiler.frontend.declarations": "tests/diagnostics/parameter_cases.py",
    "compiler.frontend.declarations.import_result": "tests/frontend/test_importing.py",
    "compiler.frontend.declarations.include_files": "tests/diagnostics/parameter_cases.py",
    "compiler.frontend.declarations.module_import": "tests/frontend/test_importing.py",
    "compiler.frontend.decorators": "tests/diagnostics/option_cases.py",
    "compiler.frontend.decorators.with_option": "tests/call/test_with.py",
    "compiler.frontend.findings": "tests/diagnostics/test_cases.py",
    "compiler.frontend.findings.fc1xx": "tests/diagnostics/reading_cases.py",
    "compiler.frontend.findings.fc2xx": "tests/diagnostics/shape_cases.py",
    "compiler.frontend.findings.fc4xx": "tests/diagnostics/dataflow_cases.py",
    "compiler.frontend.findings.fc5xx": "tests/diagnostics/option_cases.py",
    "compiler.frontend.findings.fc6xx": "tests/diagnostics/option_cases.py",
    "compiler.frontend.no_flow": "tests/diagnostics/reading_cases.py",
    "compiler.frontend.names": "tests/diagnostics/name_cases.py",
    "compiler.frontend.names.followed": "tests/frontend/test_names.py",
    "compiler.frontend.names.whole_module": "tests/frontend/test_names.py",
    "compiler.frontend.shape": "tests/diagnostics/shape_cases.py",
    "compiler.frontend.steps": "tests/diagnostics/transition_cases.py",
    "compiler.frontend.values": "tests/frontend/test_reading.py",
    "compiler.frontend.text": "tests/diagnostics/reading_cases.py",
    "compiler.frontend.text.runtime_names": "tests/runtime/test_metaflow.py",
    "compiler.commands.views.graph": "tests/picture/test_graph.py",
    "compiler.commands.diff": "tests/difference/test_asked.py",
    "compiler.difference": "tests/difference/test_comparing.py",
    "compiler.difference.telling.sentences": "tests/difference/test_comparing.py",
    "compiler.difference.telling.terminal": "tests/difference/test_asked.py",
    "compiler.importing": "tests/frontend/test_importing.py",
    "compiler.ir": "tests/ir/test_planner.py",
    "compiler.ir.needs": "tests/ir/test_triggers.py",
    "compiler.ir.options": "tests/backends/test_decorators.py",
    "compiler.ir.schema": "tests/test_golden.py",
    "compiler.ir.text": "tests/test_golden.py",
    "compiler.operate.tasks": "tests/operate/tasks/test_joining.py",
    "compiler.picture": "tests/picture/test_forms.py",
    "compiler.picture.ordering": "tests/picture/test_placing.py",
    "compiler.picture.page": "tests/picture/test_page.py",
    "compiler.pipeline": "tests/test_golden.py",
    "compiler.policy": "tests/policy/test_holding.py",
    "compiler.policy.findings": "tests/diagnostics/policy_cases.py",
    "compiler.report.silencing": "tests/commands/test_check.py",
    "compiler.report.splices": "tests/report/test_fixing.py",
    "compiler.call.freeing": "tests/commands/test_gc.py",
    "compiler.call.stores": "tests/commands/test_gc.py",
    "compiler.retention.rest": "tests/retention/test_collection.py",
    "compiler.retention.selection": "tests/retention/test_collection.py",
    "compiler.retention.survey": "tests/retention/test_collection.py",
    "compiler.run": "tests/run/test_local_run.py",
    "compiler.run.process_state": "tests/failure/test_life.py",
    "compiler.run.workers": "tests/run/test_processes.py",
    "compiler.run.resume": "tests/failure/test_resume.py",
    "compiler.run.walk": "tests/ir/test_walk.py",
    "compiler.slotted_class": "tests/test_budgets.py",
    "compiler.stand_ins": "tests/test_budgets.py",
    "compiler.terminal": "tests/terminal/test_output.py",
    "compiler.terminal.findings": "tests/report/test_render.py",
    "compiler.terminal.times": "tests/call/test_history.py",
    "compiler.workspace.astro": "tests/workspace/image/test_requirements.py",
    "compiler.workspace.image.distributions": "tests/workspace/image/test_requirements.py",
    "compiler.workspace.settings": "tests/commands/test_config.py",
}
"""The file of a module without one of its own name; of a package: of every module in it that is not named."""


def of_name(module: str) -> str:
    """The file that has a module's own name."""
    top, *rooms, last = module.split(".")
    if top == "flowc":
        rooms = ["runtime", *(room for room in rooms if room != "aws")]
    elif rooms[:1] == ["backends"] and len(rooms) > 1:
        rooms = rooms[1:]
    return "/".join(["tests", *rooms, f"test_{last}.py"])


def of(module: str) -> str | None:
    """The file to look into; None where nobody says."""
    own = of_name(module)
    if (ROOT / own).is_file():
        return own
    while module:
        if module in TOGETHER:
            return TOGETHER[module]
        module = module.rpartition(".")[0]
    return None


def main() -> None:
    """Print the file of each module that is named, or of all."""
    known = modules(PACKAGES)
    for module in sys.argv[1:] or known:
        print(module, of(module) if module in known else "is no module")  # noqa: T201 - that is what it is for


if __name__ == "__main__":
    main()
