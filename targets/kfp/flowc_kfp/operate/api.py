"""The server's REST API by its published client (`kfp-server-api`): what is asked, tried again where that does no harm, each failure said
in one line.

Its methods say how requests are written; answers are read as JSON, for its models refuse words that a newer server has.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from compiler.backends.operating import EngineError, NotThereError, RefusedError
from compiler.slotted_class import record
from flowc_kfp.operate.connecting import Place

INSTALL = "the client of Kubeflow Pipelines' server is not installed: pip install 'flowc-kfp[operate]'"

PAUSES = (0.3, 0.7, 1.5)
"""Seconds before each further try."""

_MOST_PAUSE = 10.0
"""A server that wants a longer pause is not waited for."""

_SHOWN = 400
"""Characters of a server's sentence that are shown."""

_PAGE = 100
"""How many objects are asked for at once."""

_UNKNOWN, _FORBIDDEN, _ABSENT, _CONFLICT, _BUSY = 401, 403, 404, 409, 429
_LATER = (_BUSY, 502, 503, 504)

Call = Callable[..., Any]


class ConflictError(RefusedError):
    """An object of that name is there already."""


class LostError(EngineError):
    """Whether the server has done what it was asked for is not known. `is_untouched`: it has done nothing."""

    def __init__(self, message: str, *, is_untouched: bool = False) -> None:
        super().__init__(message)
        self.is_untouched = is_untouched


@record
class Answer:
    """What came back, whole."""

    status: int
    data: bytes
    headers: Mapping[str, str]


class Api:
    """One server, in one namespace. Nothing is asked before a method is called; what they raise holds no secret."""

    def __init__(self, place: Place) -> None:
        try:
            import kfp_server_api as client  # type: ignore[import-untyped]  # noqa: PLC0415 - only operating needs it
            import urllib3  # noqa: PLC0415 - it comes with it
        except ImportError:
            raise EngineError(INSTALL) from None
        configuration = client.Configuration(host=place.url)
        once = urllib3.Retry(0, redirect=0, raise_on_redirect=False, raise_on_status=False)
        known = urllib3.make_headers(proxy_basic_auth=place.credentials.proxy) if place.credentials.proxy else None
        settled = {
            "ssl_ca_cert": place.ca or None,
            "retries": once,
            "proxy": place.proxy or None,
            "proxy_headers": known,
        }
        for key, value in settled.items():
            setattr(configuration, key, value)  # its own types know of nothing but None
        if place.credentials.token:
            configuration.api_key["authorization"] = place.credentials.token
            configuration.api_key_prefix["authorization"] = "Bearer"
        self._client = client.ApiClient(configuration, cookie=place.credentials.cookie or None)
        self._client.default_headers["User-Agent"] = "flowc"
        self._refused, self._faults = client.ApiException, urllib3.exceptions
        self._pipelines = client.PipelineServiceApi(self._client)
        self._uploads = client.PipelineUploadServiceApi(self._client)
        self._experiments = client.ExperimentServiceApi(self._client)
        self._runs = client.RunServiceApi(self._client)
        self._healthz = client.HealthzServiceApi(self._client)
        self._known: dict[str, Any] = {}
        """What does not change, by its path: specifications, names of pipelines, the experiment."""
        self.place, self.where = place, place.where

    def page(self, place: str) -> str:
        """The address of a page of the server's interface."""
        return f"{self.place.page}/#/{place}"

    def pipelines(self) -> Iterator[dict[str, Any]]:
        """All pipelines of the namespace."""
        return self._listed(
            "list pipelines", "pipelines", self._pipelines.pipeline_service_list_pipelines, **self._namespace
        )

    def pipeline_named(self, name: str) -> dict[str, Any] | None:
        """The pipeline of a name; None where there is none."""
        get = self._pipelines.pipeline_service_get_pipeline_by_name
        return self._found(f"find the pipeline {name}", lambda more: get(name, **self._namespace, **more))

    def pipeline_name(self, pipeline: str) -> str:
        """The name of a pipeline by its id; empty where it is gone."""
        get, key = self._pipelines.pipeline_service_get_pipeline, f"pipeline/{pipeline}"
        if key not in self._known:
            there = self._found(f"read the pipeline {pipeline}", lambda more: get(pipeline, **more))
            if there is None:
                return ""
            self._known[key] = str(there.get("name") or there.get("display_name") or "")
        return str(self._known[key])

    def versions(self, pipeline: str) -> Iterator[dict[str, Any]]:
        """The versions of a pipeline, the newest first."""
        get = self._pipelines.pipeline_service_list_pipeline_versions
        return self._listed("list versions", "pipeline_versions", get, pipeline, sort_by="created_at desc")

    def spec(self, pipeline: str, version: str) -> Any:
        """What a version of a pipeline specifies; None where it is gone."""
        get, key = self._pipelines.pipeline_service_get_pipeline_version, f"version/{version}"
        if key not in self._known:
            there = self._found(f"read the version {version}", lambda more: get(pipeline, version, **more))
            if there is None:
                return None
            self._known[key] = there.get("pipeline_spec")
        return self._known[key]

    def upload(self, name: str, text: str, description: str) -> None:
        """A new pipeline with its first version. Raises ConflictError where the name is taken."""
        more = {"name": name, "description": description, **self._namespace}
        self._uploaded(f"upload the pipeline {name}", name, text, self._uploads.upload_pipeline, more)

    def upload_version(self, pipeline: str, name: str, text: str, description: str) -> None:
        """A new version of a pipeline; one of that name that is there already was uploaded by a request whose answer was lost."""
        more = {"name": name, "description": description, "pipelineid": pipeline}
        try:
            self._uploaded(f"upload the version {name}", name, text, self._uploads.upload_pipeline_version, more)
        except ConflictError:
            return

    def delete_version(self, pipeline: str, version: str) -> None:
        """Remove a version; nothing where it is gone."""
        delete = self._pipelines.pipeline_service_delete_pipeline_version
        self._found(f"remove the version {version}", lambda more: delete(pipeline, version, **more))

    def delete_pipeline(self, pipeline: str) -> None:
        """Remove a pipeline without versions; nothing where it is gone."""
        delete = self._pipelines.pipeline_service_delete_pipeline
        self._found(f"remove the pipeline {pipeline}", lambda more: delete(pipeline, **more))

    def experiment(self) -> str:
        """The id of the experiment that runs go into, which is made where there is none of its name."""
        name = self.place.experiment
        if "experiment" not in self._known:
            there = self._experiment(name)
            if there is None:
                body = {"display_name": name, **self._namespace}
                create = self._experiments.experiment_service_create_experiment
                try:
                    there = self._asked(f"make the experiment {name}", lambda more: create(body, **more), again=False)
                except ConflictError:
                    there = self._experiment(name) or {}
            self._known["experiment"] = str(there.get("experiment_id") or "")
        return str(self._known["experiment"])

    def _experiment(self, name: str) -> dict[str, Any] | None:
        get, known = self._experiments.experiment_service_list_experiments, {"filter": _equals("display_name", name)}
        return next(self._listed(f"find the experiment {name}", "experiments", get, **self._namespace, **known), None)

    def create_run(self, body: dict[str, Any]) -> dict[str, Any]:
        """A new run. Raises LostError where nobody knows whether there is one now."""
        create = self._runs.run_service_create_run
        return self._asked("start a run", lambda more: create(body, **more), again=False)

    def runs(self, name: str = "") -> Iterator[dict[str, Any]]:
        """The runs of the namespace, or those of a name, the newest first."""
        named = {"filter": _equals("display_name", name)} if name else {}
        get = self._runs.run_service_list_runs
        return self._listed("list runs", "runs", get, sort_by="created_at desc", **self._namespace, **named)

    def run(self, run: str) -> dict[str, Any] | None:
        """A run with its tasks, by the server's id; None where there is none."""
        get = self._runs.run_service_get_run
        return self._found(f"read the run {run}", lambda more: get(run, **more))

    def workflow(self, run: str) -> dict[str, Any]:
        """The workflow that a run has become, with its nodes; an empty one before there is any.

        Only the API of version 1 tells it: the tasks of version 2 are without their place and their pods.
        """
        path = f"/apis/v1beta1/runs/{quote(run, safe='')}"
        there = self._found(f"read the tasks of the run {run}", lambda more: self._sent(path, **more)) or {}
        runtime = there.get("pipeline_runtime")
        text = runtime.get("workflow_manifest") if isinstance(runtime, dict) else None
        try:
            found = json.loads(str(text or "{}"))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def terminate(self, run: str) -> None:
        """End a run. Raises RefusedError where it is over."""
        end = self._runs.run_service_terminate_run
        self._asked(f"end the run {run}", lambda more: end(run, **more))

    def retry(self, run: str) -> None:
        """Let a failed run go on. Raises RefusedError."""
        again = self._runs.run_service_retry_run
        self._asked(f"do again the run {run}", lambda more: again(run, **more), again=False)

    def log(self, run: str, pod: str) -> bytes | None:
        """What a pod of a run has printed; None where the server has nothing of it.

        The swagger has no such path: the server streams it beside its API, newer ones below v2beta1.
        """
        for version in ("v1alpha1", "v2beta1"):
            path = f"/apis/{version}/runs/{quote(run, safe='')}/nodes/{quote(pod, safe='')}/log"
            answer = self._answer(partial(self._sent, path))
            if answer.status != _ABSENT:
                break
        is_there = answer.status // 100 == 2  # noqa: PLR2004
        if not is_there and answer.status not in (_ABSENT, 500, 400):
            self._checked(f"read the log of {pod}", answer)
        return answer.data if is_there else None

    def healthz(self) -> tuple[dict[str, Any], float | None]:
        """What the server says of itself, and its clock in seconds since 1970, where it tells."""
        answer = self._answer(self._healthz.healthz_service_get_healthz)
        told = self._checked("tell how it is", answer)
        try:
            return told, parsedate_to_datetime(str(answer.headers.get("Date"))).timestamp()
        except ValueError:
            return told, None

    def _sent(self, path: str, **more: Any) -> Any:
        """A request for what the client has no method for."""
        return self._client.call_api(path, "GET", auth_settings=["Bearer"], **more)

    @property
    def _namespace(self) -> dict[str, str]:
        return {"namespace": self.place.namespace} if self.place.namespace else {}

    def _listed(self, doing: str, key: str, get: Call, /, *given: Any, **known: Any) -> Iterator[dict[str, Any]]:
        """All objects of a list, page by page. Raises EngineError where the server gives a page for the second time."""
        token, before = "", set[str]()
        while token not in before:
            before.add(token)
            more = {**known, "page_size": _PAGE, **({"page_token": token} if token else {})}
            page = self._asked(doing, lambda raw, more=more: get(*given, **more, **raw))
            yield from (each for each in page.get(key) or () if isinstance(each, dict))
            token = str(page.get("next_page_token") or "")
            if not token:
                return
        raise EngineError(f"{self.where} lists the same page again and again: a proxy before it may keep answers")

    def _found(self, doing: str, ask: Call) -> dict[str, Any] | None:
        """What is asked for; None where there is none."""
        try:
            return self._asked(doing, ask)
        except NotThereError:
            return None

    def _uploaded(self, doing: str, name: str, text: str, send: Call, known: Mapping[str, str]) -> None:
        """Send a file, whose name the client wants; asked again, for the name makes a second one a conflict."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, f"{name}.yaml")
            file.write_text(text, encoding="utf-8")
            self._asked(doing, lambda more: send(str(file), **known, **more))

    def _asked(self, doing: str, ask: Call, *, again: bool = True) -> dict[str, Any]:
        """The JSON of an answer. `doing` completes "it does not let us …"; `again`: a second request does no harm.

        Raises NotThereError, ConflictError, RefusedError, LostError, EngineError.
        """
        return self._checked(doing, self._answer(lambda **more: ask(more), again=again))

    def _answer(self, ask: Call, *, again: bool = True) -> Answer:
        """The answer, whatever its status, after as many tries as are allowed. Raises LostError."""
        for otherwise in PAUSES:
            wait = otherwise
            try:
                found = self._once(ask)
            except LostError as error:
                if not (again or error.is_untouched):
                    raise
            else:
                wait = _pause(found.headers, otherwise)
                is_later = found.status == _BUSY or (again and found.status in _LATER)
                if not is_later or wait > _MOST_PAUSE:
                    return found
            time.sleep(wait)
        return self._once(ask)

    def _once(self, ask: Call) -> Answer:
        limit = (self.place.timeout, self.place.timeout)
        try:
            response = ask(_preload_content=False, _request_timeout=limit)
            return Answer(response.status, response.data, response.headers)
        except self._refused as error:
            # the client raises for each status that is no success, and for a certificate that it does not trust
            if not error.status:
                raise self._untrusted() from None
            return Answer(int(error.status), str(error.body or "").encode(), error.headers or {})
        except UnicodeDecodeError as error:  # of the body of a refusal, which the client takes for text
            return Answer(int(getattr(error.__context__, "status", 500)), b"", {})
        except self._faults.HTTPError as error:
            raise self._lost(error) from None

    def _untrusted(self) -> LostError:
        cure = "its certificate is none that is known here; name the authority's file by `ca`"
        return LostError(f"{self.where} cannot be trusted: {cure}", is_untouched=True)

    def _lost(self, error: Exception) -> LostError:
        """What a fault of the network means."""
        cause = getattr(error, "reason", None) or error
        faults = self._faults
        if isinstance(cause, faults.ReadTimeoutError):
            return LostError(
                f"{self.where} does not answer within {self.place.timeout:g} s: try again, or look at its load"
            )
        if isinstance(cause, faults.SSLError):
            return self._untrusted()
        if isinstance(cause, faults.NewConnectionError | faults.ConnectTimeoutError | faults.ProxyError):
            cure = "is it up, and is `host` right?"
            if self.place.proxy:
                cure += (
                    f" It was asked through the proxy {self.place.proxy}; look at HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
                )
            return LostError(f"{self.where} cannot be reached: {cure}", is_untouched=True)
        return LostError(f"{self.where} broke its answer off: try again, or look into its log")

    def _checked(self, doing: str, answer: Answer) -> dict[str, Any]:
        """The JSON of an answer that is a success; else it raises as `_asked` says."""
        status, told = answer.status, self._sentence(answer.data)
        said = f": {told}" if told else ""
        hundred = status // 100
        if status in (_UNKNOWN, _FORBIDDEN):
            raise EngineError(f"{self.where} " + _DENIED[status].format(doing=doing, said=said))
        if status in _LATER:
            raise LostError(
                f"{self.where} is too busy or broken ({status}){said}; try again later", is_untouched=status == _BUSY
            )
        if status == _ABSENT and told:
            raise NotThereError(f"{self.where} has nothing to {doing}{said}")
        if status == _CONFLICT:
            raise ConflictError(f"{self.where} does not {doing}{said}")
        if hundred == _WRONG and told:
            raise RefusedError(f"{self.where} does not {doing}{said}")
        if hundred == _MOVED:
            raise EngineError(
                f"{self.where} leads to another address ({status}): a login page? look at `host` and the token"
            )
        if hundred == _BROKEN:
            raise EngineError(f"{self.where} failed to {doing} ({status}){said}; look into its log, or try again later")
        found = _json(answer.data)
        if hundred != _OK or not isinstance(found, dict):
            raise EngineError(
                f"{self.where} does not answer as the server's API does ({status}): that is not JSON of it, but a proxy's or a login page; "
                "look at `host` and the token"
            )
        return found

    def _sentence(self, data: bytes) -> str:
        """What a refusal says, on one line, bounded, and without what is secret."""
        found = _json(data)
        text = str(found.get("message") or found.get("error_message") or "") if isinstance(found, dict) else ""
        for secret in self.place.credentials.secrets:
            text = text.replace(secret, "…")
        return "".join(each if each.isprintable() else " " for each in text)[:_SHOWN].strip()


_OK, _MOVED, _WRONG, _BROKEN = 2, 3, 4, 5
"""The hundreds of an answer's status."""

_DENIED = {
    _UNKNOWN: "does not know who asks{said}; set KF_PIPELINES_TOKEN, or KF_PIPELINES_SA_TOKEN_PATH: a token may have expired",
    _FORBIDDEN: "does not permit to {doing}{said}; is `namespace` of [tool.flowc.kfp] yours? Else ask for that right",
}


def _equals(key: str, value: str) -> str:
    """A filter of the API."""
    return json.dumps({"predicates": [{"operation": "EQUALS", "key": key, "string_value": value}]})


def _json(data: bytes) -> Any:
    try:
        return json.loads(data or b"{}")
    except ValueError:
        return None


def _pause(headers: Mapping[str, str], otherwise: float) -> float:
    """What `Retry-After` says, in seconds."""
    told = str(headers.get("Retry-After") or "")
    return float(told) if told.isascii() and told.isdigit() else otherwise
