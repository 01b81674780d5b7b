"""A DAG file put into Airflow's folder and taken out again, and how Airflow has taken that."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from compiler.backends.airflow.operate import folder as places
from compiler.backends.airflow.operate.api.protocol import Api, Dag, Fault
from compiler.backends.airflow.operate.folder import Folder, Kept
from compiler.backends.airflow.operate.layout import HEADLINE, TAG
from compiler.backends.operating import (
    Change,
    ChangeKind,
    Deployment,
    EngineError,
    NotThereError,
    RefusedError,
    Release,
)
from compiler.slotted_class import record

KIND = "DAG file"
_PAUSE = 1.0
_FIRST, _TOLD = 3.0, 30.0
"""Seconds from which on a wait is told, and between what is told of a long one."""
_PARSED_WITHIN = 300.0
_CHECK = "import runpy, sys; runpy.run_path(sys.argv[1])"
Tell = Callable[[str], None]
T = TypeVar("T")


@record
class State:
    """What is there under a DAG's name: the file's text and the record of that text, whether there are records of other texts."""

    text: str | None
    kept: Kept | None
    has_others: bool

    @property
    def is_ours(self) -> bool:
        """Whether the file carries our mark; one that lost its first line by hand is known by its record."""
        return self.text is None or bool(HEADLINE.match(self.text)) or self.kept is not None or self.has_others

    @property
    def by_hand(self) -> bool:
        """Whether the file is none that was deployed, although others were."""
        return self.text is not None and self.kept is None and self.has_others


def state(folder: Folder, dag: str) -> State:
    """What is there under a DAG's name."""
    text = folder.read(places.file_of(dag))
    names = places.record_names(folder, dag)
    own = places.record_name(dag, text) if text is not None else ""
    return State(text, places.kept(folder.read(own)) if own in names else None, any(name != own for name in names))


def found(api: Api, dag: str) -> Dag | None:
    """A DAG as Airflow has it; None where it has none, or only remembers one whose file is gone."""
    try:
        there = api.dag(dag)
    except NotThereError:
        return None
    return None if there.is_stale else there


def deployment_of(dag: Dag, kept: Kept | None, problem: str, url: str) -> Deployment:
    """A DAG as it is told."""
    return Deployment(
        name=dag.id,
        record=kept.record if kept else None,
        is_suspended=dag.is_paused,
        schedule=dag.schedule,
        parameters=tuple(dag.params),
        problem=problem,
        url=url,
    )


def faults_of(api: Api, dag: str) -> tuple[Fault, ...]:
    """The import errors of a DAG's file."""
    return tuple(fault for fault in api.faults() if fault.file.rpartition("/")[2] == places.file_of(dag))


def problem_of(faults: tuple[Fault, ...]) -> str:
    """Why a DAG's file does not load, in one line; empty where it does."""
    if not faults:
        return ""
    lines = [line.strip() for line in faults[-1].text.split("\n") if line.strip()]
    return f"import error: {lines[-1][:300] if lines else 'Airflow says nothing more'}"


class _Errors:
    """The import errors of a file from before it was written anew, and which of those of now are of the new text.

    A parse of the old text may end after the new one was written, and has the old error with a new stamp. So an error in the same
    words is the new text's own where it comes a second time: what ends second has begun later.
    """

    def __init__(self, old: tuple[Fault, ...]) -> None:
        self._stamps = {fault.stamp for fault in old}
        self._texts = {fault.text for fault in old}

    def fresh(self, now: tuple[Fault, ...]) -> tuple[Fault, ...]:
        """Those of the new text."""
        others = tuple(fault for fault in now if fault.stamp not in self._stamps)
        found = tuple(fault for fault in others if fault.text not in self._texts)
        self._stamps |= {fault.stamp for fault in others}
        self._texts -= {fault.text for fault in others}
        return found


class Deploying:
    """Deployments of one Airflow, in one folder."""

    def __init__(self, api: Api, folder: Folder, wait: float) -> None:
        self._api, self._folder, self._wait = api, folder, wait

    def changes(self, release: Release) -> tuple[Change, ...]:
        """What `deploy` would do; changes nothing."""
        there, new = state(self._folder, release.name), _text(release)
        kind: ChangeKind
        if not there.is_ours or self._is_taken(release.name, there):
            kind = "foreign"
        elif there.text is None:
            kind = "new"
        else:  # a deployment that was interrupted is not over, although its file is there
            is_done = there.text == new and not (there.kept and there.kept.is_pending)
            kind = "unchanged" if is_done else "changed"
        name = places.file_of(release.name)
        return (Change(KIND, name, kind, there.text or "", new, by_hand=kind == "changed" and there.by_hand),)

    def deploy(self, release: Release, tell: Tell) -> None:
        """Put the file there where it differs, and wait until Airflow has read it. Raises RefusedError, EngineError."""
        name, text = release.name, _text(release)
        there = state(self._folder, name)
        if not there.is_ours or self._is_taken(name, there):
            raise RefusedError(
                f"a DAG `{name}` is there that flowc has not made: deploy under another name (`--name`), or remove it first"
            )
        known = found(self._api, name)
        old = _Errors(faults_of(self._api, name) if there.text != text else ())
        is_new = known is None and there.text is None
        is_pending = is_new or bool(there.kept and there.kept.is_pending)
        if there.text != text:
            check(release, tell)
            self._put(release, text, is_pending)
        elif there.kept is None:
            self._folder.write(places.record_name(name, text), places.spelled(name, release.record, is_pending=False))
        taken = self._until_taken(name, text, known, old, tell)
        if is_pending:
            if taken.is_paused:
                self._api.pause(name, is_paused=False)
            self._folder.write(places.record_name(name, text), places.spelled(name, release.record, is_pending=False))

    def delete(self, name: str) -> None:
        """Take the file out, and then what Airflow remembers of it. Raises NotThereError, RefusedError, EngineError."""
        there = state(self._folder, name)
        known = self._known(name)
        if known is None and there.text is None and not there.has_others:
            raise NotThereError(f"there is no deployment `{name}` on Airflow: `flowc airflow list` tells all")
        if not there.is_ours or (known and TAG not in known.tags):
            raise NotThereError(f"the DAG `{name}` is none that flowc has made, so flowc does not delete it")
        if known and not known.is_stale:
            self._check_deletable(name, known, there)
            if not known.is_paused:
                self._api.pause(name, is_paused=True)
        self._folder.remove(places.file_of(name))
        if known:
            self._until_gone(name)
            with suppress(NotThereError):
                self._api.forget(name)
        for record_ in places.record_names(self._folder, name):
            self._folder.remove(record_)

    def _check_deletable(self, name: str, known: Dag, there: State) -> None:
        if there.text is None and not there.has_others:
            raise RefusedError(
                f"the file of the DAG `{name}` is not in {self._folder.where}, but Airflow has it at {known.file}: "
                "whatever put it there must remove it"
            )
        going = self._api.rows(name, 1, ("queued", "running"))
        if going:
            raise RefusedError(
                f"the run {going[0].id} of `{name}` still goes on, and would end in the middle: wait for it, or `flowc terminate` it first"
            )

    def _known(self, name: str) -> Dag | None:
        try:
            return self._api.dag(name)
        except NotThereError:
            return None

    def _is_taken(self, name: str, there: State) -> bool:
        """Whether Airflow has a DAG of that name from a file of somebody else."""
        if there.text is not None:
            return False
        known = found(self._api, name)
        return known is not None and TAG not in known.tags

    def _put(self, release: Release, text: str, is_pending: bool) -> None:
        """The record first: see the module `folder`."""
        name = release.name
        own = places.record_name(name, text)
        before = places.record_names(self._folder, name)
        self._folder.write(own, places.spelled(name, release.record, is_pending=is_pending))
        self._folder.write(places.file_of(name), text)
        for record_ in before:
            if record_ != own:
                self._folder.remove(record_)

    def _until_taken(self, name: str, text: str, known: Dag | None, old: _Errors, tell: Tell) -> Dag:
        """Wait until Airflow has read the text, or says why it cannot."""
        if known:
            with suppress(EngineError, NotThereError, RefusedError):  # without it, only later
                self._api.reparse(known)

        def look() -> Dag | None:
            if fresh := old.fresh(faults_of(self._api, name)):
                raise EngineError(
                    f"Airflow cannot load `{name}`: {problem_of(fresh)}; the file stays in {self._folder.where}: "
                    "install what it lacks there, or deploy a flow that loads"
                )
            there = found(self._api, name)
            if there and not there.has_import_errors and _same(self._api.source(there), text):
                return there
            if self._folder.read(places.file_of(name)) != text:
                raise RefusedError(
                    f"another deployment of `{name}` has taken the place of this one meanwhile: `flowc airflow list`"
                )
            return None

        return _until(
            look,
            self._wait,
            tell,
            f"waiting until Airflow has read `{name}`, which it does by its `refresh_interval`",
            f"Airflow has not read `{name}` from {self._folder.where} within {self._wait:g} s: is that the folder that it reads, and does "
            "its DAG processor run (`flowc doctor airflow`)? `wait` in [tool.flowc.airflow.connection] gives it more time",
        )

    def _until_gone(self, name: str) -> None:
        """Wait until Airflow has noticed that the file is gone: what is forgotten before comes back."""
        _until(
            lambda: True if found(self._api, name) is None else None,
            self._wait,
            lambda _: None,
            "",
            f"the file of `{name}` is removed and the DAG is paused, but Airflow has not noticed within {self._wait:g} s: "
            "call the same again later, which removes what Airflow remembers of it",
        )


def _until(look: Callable[[], T | None], seconds: float, tell: Tell, doing: str, otherwise: str) -> T:
    begun = time.monotonic()
    told = begun + _FIRST - _TOLD
    while True:
        answer = look()
        if answer is not None:
            return answer
        now = time.monotonic()
        if now - begun > seconds:
            raise EngineError(otherwise)
        if now - told > _TOLD:
            told = now
            tell(f"{doing} ({now - begun:.0f} s)")
        time.sleep(_PAUSE)


def _same(shown: str, text: str) -> bool:
    """Whether a source as Airflow shows it is that text."""
    return shown.rstrip("\n") == text.rstrip("\n")


def _text(release: Release) -> str:
    assert len(release.files) == 1, "Airflow's output is one file"
    assert release.files[0].name == places.file_of(release.name), "the file is named after the DAG"
    return release.files[0].text


def check(release: Release, tell: Tell, python: str | None = None) -> None:
    """Load the DAG file in a process of its own where Airflow is installed here. Raises RefusedError where it does not load."""
    program = python or (sys.executable if _has_airflow() else None)
    if program is None:
        return
    with tempfile.TemporaryDirectory(prefix="flowc-") as folder:
        file = Path(folder, places.file_of(release.name))
        file.write_text(_text(release), encoding="utf-8")
        command = [program, "-P", "-c", _CHECK, str(file)]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, timeout=_PARSED_WITHIN, check=False, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            tell(
                f"the Airflow that is installed here did not load `{release.name}` within {_PARSED_WITHIN:g} s: it is not checked"
            )
            return
    if done.returncode:
        lines = [line for line in done.stderr.decode("utf-8", "replace").split("\n") if line.strip()]
        raise RefusedError(
            f"`{release.name}` does not load with the Airflow that is installed here: {lines[-1][:300] if lines else 'it says nothing'}; "
            "nothing is deployed"
        )


def _has_airflow() -> bool:
    for name in ("apache-airflow-core", "apache-airflow"):
        with suppress(importlib.metadata.PackageNotFoundError):
            importlib.metadata.version(name)
            return True
    return False
