"""Prepared pairs whose decorators and settings differ: what is edited, and exactly what that means."""

from __future__ import annotations

from compiler.difference.part_changes import (
    ArtifactSet,
    ContainerAdded,
    DecoratorAdded,
    HookAdded,
    ImageChanged,
    JoinCarries,
    JoinLoses,
    OptionChanged,
    PackageAdded,
    PackageRemoved,
    PortionsChanged,
    ProjectChanged,
    PythonChanged,
    ResourceChanged,
    RetryChanged,
    ScheduleAdded,
    ScheduleChanged,
    SecretAdded,
    SettingChanged,
    StepCodeChanged,
    TimeoutChanged,
    TriggerAdded,
    VariableAdded,
    VariableChanged,
)
from tests.difference.prepared import Case, above

STEPS = (
    Case(
        "an artifact more",
        (("self.items = [1, 2]", "self.items = [1, 2]\n        self.more = 1"),),
        (
            (ArtifactSet("start", "more"), "`start` now sets `more`"),
            (JoinCarries("join", "more"), "the join `join` now carries `more` on"),
            (StepCodeChanged("start"), "the code of `start` is another"),
        ),
    ),
    Case(
        "a join loses an artifact",
        (("merge_artifacts(inputs)", 'merge_artifacts(inputs, exclude=["source"])'),),
        (
            (JoinLoses("join", "source"), "the join `join` no longer carries `source` on"),
            (StepCodeChanged("join"), "the code of `join` is another"),
        ),
    ),
    Case(
        "a retry",
        (above("left", "@retry(times=2, minutes_between_retries=1)"),),
        (
            (
                RetryChanged("left", "none", "2 times, 60 s between"),
                "`left`: retry is `2 times, 60 s between`, before `none`",
            ),
        ),
    ),
    Case("the same retry in other words", (above("left", "@retry(times=3)"),), (), (above("left", "@retry"),)),
    Case(
        "a time limit",
        (above("left", "@timeout(minutes=2)"),),
        ((TimeoutChanged("left", "none", "120 s"), "`left`: the time limit is `120 s`, before `none`"),),
    ),
    Case(
        "resources",
        (above("left", "@resources(memory=4000, cpu=2)"),),
        (
            (ResourceChanged("left", "cpu", "1", "2"), "`left`: cpu is `2`, before `1`"),
            (ResourceChanged("left", "memory", "nothing", "4000"), "`left`: memory is `4000`, before `nothing`"),
        ),
        (above("left", "@resources(cpu=1)"),),
    ),
    Case(
        "an image and an option",
        (above("left", '@kubernetes(image="team/big:2", service_account="mover")'),),
        (
            (
                ImageChanged("left", "the flow's", "team/big:2"),
                "`left`: the image is `team/big:2`, before `the flow's`",
            ),
            (
                OptionChanged("left", "kubernetes", "service_account", "nothing", '"mover"'),
                '`left`: @`kubernetes` has `service_account`=`"mover"`, before `nothing`',
            ),
        ),
    ),
    Case(
        "variables",
        (above("left", '@environment(vars={"MODE": "fast", "API_KEY": "two", "NEW": "1"})'),),
        (
            (
                VariableChanged("left", "MODE", '"slow"', '"fast"'),
                '`left`: the variable `MODE` is `"fast"`, before `"slow"`',
            ),
            (
                VariableChanged("left", "API_KEY", "a value that is not shown", "a value that is not shown"),
                "`left`: the variable `API_KEY` is `a value that is not shown`, before `a value that is not shown`",
            ),
            (VariableAdded("left", "NEW", '"1"'), '`left` has the variable `NEW`: `"1"`'),
        ),
        (above("left", '@environment(vars={"MODE": "slow", "API_KEY": "one"})'),),
    ),
    Case(
        "a secret",
        (above("left", '@secrets(sources=["kubernetes.db"])'),),
        ((SecretAdded("left", "kubernetes.db"), "`left` now gets the secret `kubernetes.db`"),),
    ),
    Case(
        "packages of a step",
        (above("left", '@pypi(packages={"polars": "1.2", "numpy": ">=2"}, python="3.12")'),),
        (
            (PackageAdded("left", "pypi: polars==1.2"), "`left` now needs the package `pypi: polars==1.2`"),
            (PackageRemoved("left", "pypi: pandas==2.1"), "`left` no longer needs the package `pypi: pandas==2.1`"),
            (PythonChanged("left", "the image's", "3.12"), "`left`: Python is `3.12`, before `the image's`"),
        ),
        (above("left", '@pypi(packages={"numpy": ">=2", "pandas": "2.1"})'),),
    ),
    Case(
        "packages of the flow",
        (above("the class", '@conda_base(packages={"numpy": "2.0"})'),),
        ((PackageAdded("the flow", "conda: numpy==2.0"), "`the flow` now needs the package `conda: numpy==2.0`"),),
    ),
    Case(
        "a card",
        (above("left", '@card(type="html")'),),
        ((DecoratorAdded("left", '@card(type="html")'), '`left` now has `@card(type="html")`'),),
    ),
    Case(
        "what a failed step leaves",
        (above("left", '@catch(var="failure")'),),
        ((DecoratorAdded("left", '@catch(var="failure")'), '`left` now has `@catch(var="failure")`'),),
    ),
)
STARTS = (
    Case(
        "a schedule",
        (above("the class", '@schedule(cron="30 2,13 * * *", timezone="Europe/Berlin")'),),
        (
            (
                ScheduleAdded(
                    "30 2,13 * * *",
                    "Europe/Berlin",
                    ("Fri 2026-03-27 13:30", "Sat 2026-03-28 02:30", "Sat 2026-03-28 13:30"),
                ),
                "the clock starts runs: `30 2,13 * * *` in `Europe/Berlin`; "
                "next: `Fri 2026-03-27 13:30`, `Sat 2026-03-28 02:30`, `Sat 2026-03-28 13:30`",
            ),
        ),
    ),
    Case(
        "another schedule",
        (above("the class", "@schedule(hourly=True)"),),
        (
            (
                ScheduleChanged(
                    "0 0 * * * in UTC",
                    "0 * * * * in UTC",
                    ("Fri 2026-03-27 13:00", "Fri 2026-03-27 14:00", "Fri 2026-03-27 15:00"),
                ),
                "the clock starts runs at other times: `0 * * * * in UTC`, before `0 0 * * * in UTC`; "
                "next: `Fri 2026-03-27 13:00`, `Fri 2026-03-27 14:00`, `Fri 2026-03-27 15:00`",
            ),
        ),
        (above("the class", "@schedule(daily=True)"),),
    ),
    Case(
        "an event",
        (above("the class", '@trigger(event={"name": "data", "parameters": {"rows": "count"}})'),),
        (
            (
                TriggerAdded("on the event data, with rows from count"),
                "runs now start `on the event data, with rows from count`",
            ),
        ),
    ),
    Case(
        "an exit hook",
        (above("the class", "@exit_hook(on_error=[told])"),),
        ((HookAdded("told on error"), "after a run: `told on error`"),),
    ),
    Case(
        "a project",
        (above("the class", '@project(name="fraud")'),),
        (
            (
                ProjectChanged("of no project", "fraud.user.shared"),
                "the deployment is `fraud.user.shared`, before `of no project`",
            ),
        ),
    ),
    Case(
        "steps share a container",
        (),
        (
            (ContainerAdded("argo", ("gather", "end")), "argo: `gather`, `end` share a container now"),
            (
                PortionsChanged("argo", "each", "1 member", "4 members, 2 at once"),
                "argo: a container does `4 members, 2 at once` of `each`, before `1 member`",
            ),
        ),
        settings="fuse = true\nchunk = {each = {size = 4, workers = 2}}\n",
    ),
    Case(
        "settings of a target",
        (),
        (
            (SettingChanged("argo", "max_workers", "nothing", "4"), "argo: `max_workers` is `4`, before `nothing`"),
            (
                SettingChanged("argo", "service_account", "nothing", '"mover"'),
                'argo: `service_account` is `"mover"`, before `nothing`',
            ),
        ),
        settings='[tool.flowc.argo]\nmax_workers = 4\nservice_account = "mover"\n',
    ),
)
