"""Airflow plugin: a pod's base container runs as a local process, so that DAG files run unchanged with no cluster.

Only `KubernetesPodOperator.execute` is replaced: the provider still builds the real pod object. What the kubelet does
to the container is done here: `$(NAME)` and `$$` are expanded, the pod's deadline ends it, `/airflow/xcom` is its own.
`$AIRFLOW_HOME/images/<name>.json` stands for an image: its environment `env`, its working directory `workdir` and `user`, what
stands before a command that its user runs;
`$AIRFLOW_HOME/secrets/<name>.json` for a Secret: its keys and their texts. The pods that were built lie below
`$AIRFLOW_HOME/pods`, by task id, where that folder is.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from airflow.exceptions import AirflowException
from airflow.providers.cncf.kubernetes.hooks.kubernetes import KubernetesHook
from airflow.providers.cncf.kubernetes.kubernetes_helper_functions import PodLaunchFailedException
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from kubernetes.client import ApiClient

try:
    from airflow.sdk.exceptions import AirflowSkipException
except ImportError:
    from airflow.exceptions import AirflowSkipException

NO_REGISTRY = "missing.invalid/"
"""How the name of an image begins that nobody can pull."""
XCOM = "/airflow/xcom"
GRACE_SECONDS = 5
# As root the mount point is made in the image's place; anybody else gets a root of bind mounts in a user namespace.
# Where root may not make namespaces (in most containers), the pods of the machine run one at a time.
AS_ROOT = ["unshare", "-m", "sh", "-c", f'mount --bind "$0" {XCOM} && exec "$@"']
AS_USER = [
    *("unshare", "-Urm", "sh", "-c"),
    f"""
    root=$(mktemp -d) && mount -t tmpfs root "$root" || exit 125
    for entry in /*; do
        if [ -L "$entry" ]; then cp -P "$entry" "$root$entry"
        elif [ -d "$entry" ]; then mkdir "$root$entry" && mount --rbind "$entry" "$root$entry"; fi
    done
    mkdir -p "$root{XCOM}" && mount --bind "$0" "$root{XCOM}" || exit 125
    exec chroot "$root" sh -c 'cd "$0" && exec "$@"' "$PWD" "$@"
    """,
]


def expand(text: str, env: dict[str, str]) -> str:
    """The kubelet's expansion: `$(NAME)` of a variable that is known so far, and `$$` for a dollar."""
    return re.sub(r"\$\$|\$\(([^)]+)\)", lambda m: "$" if m[0] == "$$" else env.get(m[1], m[0]), text)


def execute(self: Any, context: Any, **_sentinel: Any) -> Any:
    """Stand in for `KubernetesPodOperator.execute`: the return value is what the container left for XCom."""
    pod = self.build_pod_request_obj(context)
    _keep(pod, self.task_id)
    container = next(c for c in pod.spec.containers if c.name == self.base_container_name)
    image = _image(container.image)
    env = _environment(container, image["env"])
    words = [expand(word, env) for word in [*(container.command or []), *(container.args or [])]]
    words = [*image.get("user", ()), *words]
    with tempfile.TemporaryDirectory(prefix="kpo-") as xcom:
        Path(xcom).chmod(0o777)  # as the kubelet makes it
        code = _run(words, env, xcom, image["workdir"], pod.spec.active_deadline_seconds, self.log)
        if code in (self.skip_on_exit_code or []):
            raise AirflowSkipException(f"exit {code}")
        if code:
            raise AirflowException(f"Pod {pod.metadata.name} returned a failure: exit {code}")
        answer = Path(xcom, "return.json")
        return json.loads(answer.read_text()) if self.do_xcom_push and answer.exists() else None


def _keep(pod: Any, task: str) -> None:
    folder = Path(os.environ["AIRFLOW_HOME"], "pods")
    if folder.is_dir():
        (folder / f"{task}.json").write_text(json.dumps(ApiClient().sanitize_for_serialization(pod)))


def _image(name: str) -> dict[str, Any]:
    if name.startswith(NO_REGISTRY):  # the words are the provider's, of `detect_pod_terminate_early_issues`
        raise PodLaunchFailedException(
            f'Image cannot be pulled, unable to start: ErrImagePull\nfailed to resolve reference "{name}": no such host'
        )
    file = Path(os.environ["AIRFLOW_HOME"], "images", f"{quote(name, safe='')}.json")
    image: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"env": {}, "workdir": None}
    return image


def _environment(container: Any, image: dict[str, str]) -> dict[str, str]:
    env = {name: os.environ[name] for name in ("PATH", "AIRFLOW_HOME")}  # the second: so that the tests can end us
    env |= image
    for source in container.env_from or []:
        env |= _secret(source)
    for variable in container.env or []:
        if variable.value is not None:
            env[variable.name] = expand(variable.value, env)
        elif variable.value_from.field_ref is not None:
            env[variable.name] = f"fieldRef:{variable.value_from.field_ref.field_path}"
        else:
            raise AirflowException(f"no cluster here has the source of the variable {variable.name}")
    return env


def _secret(source: Any) -> dict[str, str]:
    """The variables of a Secret; without it the kubelet would not start the container."""
    name = source.secret_ref.name
    file = Path(os.environ["AIRFLOW_HOME"], "secrets", f"{name}.json")
    if not file.exists():
        raise AirflowException(f'CreateContainerConfigError: secret "{name}" not found')
    keys: dict[str, str] = json.loads(file.read_text())
    return {f"{source.prefix or ''}{key}": text for key, text in keys.items()}


def _run(
    words: list[str], env: dict[str, str], xcom: str, workdir: str | None, deadline: float | None, log: Any
) -> int:
    """Run the container to its end, with the folder `xcom` as its `/airflow/xcom`."""
    with _mounted(xcom) as before:
        process = subprocess.Popen(
            [*before, *words],
            env=env,
            cwd=workdir,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        CONTAINERS.append(process)
        return _ended(process, deadline, log)


@contextmanager
def _mounted(xcom: str) -> Iterator[list[str]]:
    """What stands before a command that shall find the folder `xcom` as `/airflow/xcom`."""
    if os.geteuid() != 0:
        yield [*AS_USER, xcom]
    elif _has_namespaces():
        Path(XCOM).mkdir(parents=True, exist_ok=True)
        yield [*AS_ROOT, xcom]
    else:
        place = Path(XCOM)
        place.parent.mkdir(exist_ok=True)
        with Path(f"{XCOM}.alone").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if place.is_dir() and not place.is_symlink():
                place.rmdir()
            place.unlink(missing_ok=True)
            place.symlink_to(xcom)
            yield []
            place.unlink()


@cache
def _has_namespaces() -> bool:
    return subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0


def _ended(process: subprocess.Popen[str], deadline: float | None, log: Any) -> int:
    """Log until the process has ended; past the pod's deadline it gets SIGTERM and, after the grace, SIGKILL."""
    timers = []
    if deadline is not None:
        timers = [
            threading.Timer(deadline, _end, [process, signal.SIGTERM]),
            threading.Timer(deadline + GRACE_SECONDS, _end, [process, signal.SIGKILL]),
        ]
    try:
        for timer in timers:
            timer.start()
        assert process.stdout is not None
        for line in process.stdout:
            log.info("[base] %s", line.rstrip())
        return process.wait()
    finally:
        for timer in timers:
            timer.cancel()
        _end(process, signal.SIGKILL)


def _end(process: subprocess.Popen[str], sign: int) -> None:
    if process.poll() is None:
        os.killpg(process.pid, sign)


CONTAINERS: list[subprocess.Popen[str]] = []
"""Those of this process, which does one task."""


def on_kill(self: Any) -> None:
    """Stand in for `KubernetesPodOperator.on_kill`, which deletes the pod: what runs in it is gone."""
    for process in CONTAINERS:
        _end(process, signal.SIGKILL)


KubernetesPodOperator.execute = execute
KubernetesPodOperator.on_kill = on_kill
KubernetesHook.is_in_cluster = property(lambda self: True)
