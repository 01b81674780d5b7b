"""A pod's main container as a local process: the kubelet's rewriting of text, a place of its own for what it writes, its end.

Paths of `emptyDir` mounts and of output parameters are replaced in command, arguments and environment by a folder that only
this container has; a mount of the whole `/tmp` is given by `TMPDIR`.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.engines.argo_tags import Json
from tests.engines.containers import end_all
from tests.engines.rights import open_to_it

MAX_ARGUMENTS = 131_072
GRACE = 2.0
PATIENCE = 300.0
"""Seconds that a pod without a deadline has: a cluster would wait for ever, the tests say so and go on."""
PodPhase = Literal["Succeeded", "Failed", "Error"]


class PodError(Exception):
    """The API server or the kubelet would not start this pod, or this module does not know a part of it."""


@dataclass(frozen=True, slots=True)
class Host:
    """Where containers run: what their image holds and the objects that the namespace has.

    `commands` maps the first word of a command to what the image's program of that name is here; `environment` is the image's;
    `workdir` is its working directory; `secrets` and `claims` are the namespace's, by name. `offloads`: the controller may create
    the objects in which it keeps long arguments. `user` is what stands before a command that the image's user runs.
    """

    folder: Path
    workdir: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, Sequence[str]] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    claims: Mapping[str, Path] = field(default_factory=dict)
    offloads: bool = False
    user: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PodSpec:
    """A container to run, with everything substituted; `outputs` maps a parameter to its path and default."""

    name: str
    node: str
    template: str
    command: tuple[str, ...]
    env: tuple[dict[str, Json], ...]
    env_from: tuple[dict[str, Json], ...]
    mounts: Mapping[str, dict[str, Json]]
    outputs: Mapping[str, tuple[str, str | None]]
    deadline: float | None
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PodEnd:
    """How a pod ended; `outputs` are the parameters that were there."""

    phase: PodPhase
    message: str
    exit_code: int | None
    outputs: Mapping[str, str]
    log: str


@dataclass(slots=True)
class RunningPod:
    """A started pod, for tests that interfere with it."""

    spec: PodSpec
    attempt: int
    process: subprocess.Popen[bytes]
    lost: bool = False

    @property
    def argv(self) -> tuple[str, ...]:
        """The container's words as the manifest gives them."""
        return self.spec.command

    def kill(self) -> None:
        """End the container as the kernel does when memory runs out."""
        end_all(self.process.pid)

    def lose(self) -> None:
        """Let the node vanish with the pod: the controller sees an Error, not a failure."""
        self.lost = True
        self.kill()

    def terminate(self) -> None:
        """SIGTERM, and SIGKILL after the grace time."""
        _signal(self.process, signal.SIGTERM)
        timer = threading.Timer(GRACE, self.kill)
        timer.daemon = True
        timer.start()


def run_pod(spec: PodSpec, attempt: int, host: Host, started: Callable[[RunningPod], None]) -> PodEnd:
    """Start the container, wait for its end, read its outputs."""
    folder = host.folder / spec.name
    folder.mkdir(parents=True)
    try:
        words, env, places = _container(spec, host, folder)
    except PodError as error:
        return PodEnd("Error", str(error), None, {}, "")
    log = folder / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*host.user, *words], env=env, cwd=host.workdir, stdout=sink, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    pod = RunningPod(spec, attempt, process)
    started(pod)
    late = _wait(pod)
    end = _ended(pod, late, places, log.read_text(errors="replace"))
    shutil.rmtree(folder, ignore_errors=True)
    return end


def _wait(pod: RunningPod) -> bool:
    """Wait for the end; True where the deadline came first. What the container started ends with it."""
    late = False
    try:
        pod.process.wait(PATIENCE if pod.spec.deadline is None else pod.spec.deadline)
    except subprocess.TimeoutExpired:
        late = True
        pod.terminate()
        pod.process.wait()
    end_all(pod.process.pid)
    return late


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _ended(pod: RunningPod, late: bool, places: Mapping[str, Path], log: str) -> PodEnd:
    code = pod.process.returncode
    code = 128 - code if code < 0 else code
    if pod.lost:
        return PodEnd("Error", "pod deleted", None, {}, log)
    outputs, missing = _outputs(pod.spec, places)
    if late and pod.spec.deadline is None:
        return PodEnd("Error", f"the pod has no deadline and did not end within {PATIENCE:g} s", code, {}, log)
    if late:
        return PodEnd("Failed", "Pod was active on the node longer than the specified deadline", code, outputs, log)
    if code:
        return PodEnd("Failed", f"main: Error (exit code {code})", code, outputs, log)
    if missing:
        return PodEnd("Error", f"wait: Error (exit code 64): open {missing}: no such file or directory", 0, {}, log)
    return PodEnd("Succeeded", "", 0, outputs, log)


def _outputs(spec: PodSpec, places: Mapping[str, Path]) -> tuple[dict[str, str], str]:
    values: dict[str, str] = {}
    for name, (path, default) in spec.outputs.items():
        file = Path(_moved(path, places))
        if file.is_file():
            values[name] = file.read_text().removesuffix("\n")
        elif default is None:
            return values, path
        else:
            values[name] = default.removesuffix("\n")
    return values, ""


def _container(spec: PodSpec, host: Host, folder: Path) -> tuple[list[str], dict[str, str], dict[str, Path]]:
    places = _places(spec, host, folder)
    declared = _environment(spec, host)
    words = [expand(word, declared) for word in spec.command]
    if sum(len(word.encode()) + 2 for word in words) > MAX_ARGUMENTS:
        if not host.offloads:
            raise PodError("configmaps is forbidden: arguments of more than 128 KiB")
        words = _offloaded(list(spec.command), places["/tmp"])
        declared["ARGO_CONTAINER_ARGS_FILE"] = "/argo/config/ARGO_CONTAINER_ARGS_FILE"
    private = {"TMPDIR": str(places["/tmp"])} if "/tmp" in places else {}
    moved = {path: place for path, place in places.items() if path != "/tmp"}
    env = {
        "PATH": os.environ["PATH"], "HOME": str(open_to_it(folder / "home")), **private, **host.environment,
        **{name: _moved(value, moved) for name, value in declared.items()},
    }  # fmt: skip
    words = [_moved(word, moved) for word in words]
    if words[0] not in host.commands:
        raise PodError(f"the image has no program {words[0]!r}")
    return [*host.commands[words[0]], *words[1:]], env, places


def _offloaded(words: list[str], tmp: Path) -> list[str]:
    """As the executor starts a program whose arguments came through a file: no kubelet has expanded them, and long ones are in files."""
    for number, word in enumerate(words[1:]):
        if len(word.encode()) > MAX_ARGUMENTS:
            file = tmp / f"argo_arg_{number}.txt"
            file.write_text(word)
            words[number + 1] = f"@{file}"
    return words


def _places(spec: PodSpec, host: Host, folder: Path) -> dict[str, Path]:
    """Folders that stand in for paths of the container: its mounts, and where its output parameters lie."""
    places: dict[str, Path] = {}
    for path, volume in spec.mounts.items():
        places[path] = _volume(volume, host, folder / f"volume{len(places)}")
    for path, _ in spec.outputs.values():
        parent = str(Path(path).parent)
        if parent not in places:
            above = next((mount for mount in spec.mounts if path.startswith(mount + "/")), None)
            places[parent] = places[above] / parent[len(above) + 1 :] if above else folder / f"place{len(places)}"
            # the folder of an output is the program's to make, unless it is a mount
            places[parent].parent.mkdir(parents=True, exist_ok=True)
    return dict(sorted(places.items(), key=lambda item: -len(item[0])))


def _volume(volume: dict[str, Json], host: Host, private: Path) -> Path:
    if "emptyDir" in volume or "ephemeral" in volume:
        private.mkdir()
        private.chmod(0o777)  # as the kubelet makes it
        return private
    claim = volume.get("persistentVolumeClaim")
    if isinstance(claim, dict) and claim["claimName"] in host.claims:
        return host.claims[str(claim["claimName"])]
    raise PodError(f"volume {volume} is not known here")


def _moved(text: str, places: Mapping[str, Path]) -> str:
    """The text with every path that has a place, longest first and in one pass."""
    paths = "|".join(re.escape(path) for path in places)
    pattern = rf"(?<![\w./-])({paths})(?![\w.-])"
    return re.sub(pattern, lambda match: str(places[match[1]]), text) if places else text


_ENV_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")


def _environment(spec: PodSpec, host: Host) -> dict[str, str]:
    """The container's declared variables, each expanded over those before it."""
    env: dict[str, str] = {}
    for source in spec.env_from:
        env.update(_secret(source.get("secretRef"), host))
    names: set[str] = set()
    for item in spec.env:
        name = str(item["name"])
        if not _ENV_NAME.fullmatch(name) or name in names:
            raise PodError(f"environment name {name!r} is invalid or there twice")
        names.add(name)
        if "valueFrom" in item:
            env[name] = _value_from(item["valueFrom"], spec, host)
        else:
            env[name] = expand(str(item.get("value", "")), env)
    return env


def _value_from(source: Json, spec: PodSpec, host: Host) -> str:
    if isinstance(source, dict) and set(source) == {"secretKeyRef"} and isinstance(source["secretKeyRef"], dict):
        reference = source["secretKeyRef"]
        secret = _secret({"name": reference["name"]}, host)
        if reference["key"] not in secret:
            raise PodError(f"couldn't find key {reference['key']} in Secret {reference['name']}")
        return secret[str(reference["key"])]
    if isinstance(source, dict) and set(source) == {"fieldRef"} and isinstance(source["fieldRef"], dict):
        path = str(source["fieldRef"]["fieldPath"])
        if path in spec.fields:
            return spec.fields[path]
    raise PodError(f"unknown source of a variable: {source}")


def _secret(reference: Json, host: Host) -> Mapping[str, str]:
    if not isinstance(reference, dict) or reference.get("name") not in host.secrets:
        raise PodError(f"secret {reference} not found")
    return host.secrets[str(reference["name"])]


def expand(text: str, env: Mapping[str, str]) -> str:
    """The kubelet's expansion in values, command and args: `$(NAME)` of a declared variable, `$$` is a dollar."""
    return re.sub(r"\$\$|\$\(([^)]+)\)", lambda match: "$" if match[0] == "$$" else env.get(match[1], match[0]), text)
