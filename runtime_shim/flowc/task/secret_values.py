"""`@secrets`: the variables that a step finds, from where its target keeps secrets.

A source without a kind is one of the target's own: `FLOWC_SECRETS` says which. Keys of a Kubernetes Secret are variables of the
container already. A secret of AWS Secrets Manager is asked for here, with the rights of the step: a JSON object, whose keys become
variables, or one text. Whatever its kind, `FLOWC_SECRET_<NAME>` stands in for it: on a person's machine, mostly.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence

from flowc.exceptions import CallMistake
from flowc.named_tuple import NamedTuple
from flowc.store.protocol import SetupError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KUBERNETES, AWS = "kubernetes", "aws-secrets-manager"
_OK = 200
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")


class Source(NamedTuple):
    """One secret; `options` are `json`, `env_var_name` and `region`."""

    kind: str
    name: str
    role: str | None
    options: Mapping[str, Any]

    @property
    def stand_in(self) -> str:
        """The variable that holds it where somebody hands it over."""
        return "FLOWC_SECRET_" + re.sub("[^A-Za-z0-9]", "_", self.name).upper()


def variables(decorators: Sequence[Mapping[str, Any]], environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the sources of a step's `@secrets` hold, by the names of variables.

    Raises CallMistake for a secret that is not there, two that hold the same name, and one that would replace a variable.
    """
    found: dict[str, str] = {}
    for decorator in decorators:
        for said in decorator.get("sources") or ():
            source = _source(said, decorator.get("role"), environment)
            for name, value in _values(source, environment).items():
                if name in found or (name in environment and not decorator.get("allow_override")):
                    where = "another secret" if name in found else "the environment, and allow_override is not True"
                    raise CallMistake(f"the secret {source.name!r} holds {name}, which is in {where}")
                found[name] = value
    return found


def _source(said: Any, role: str | None, environment: Mapping[str, str]) -> Source:
    default = environment.get("FLOWC_SECRETS", "")
    if isinstance(said, str):
        kind, dot, name = said.partition(".")
        return Source(kind if dot else default, name if dot else kind, role, {})
    return Source(said.get("type") or default, said["id"], said.get("role") or role, said.get("options") or {})


def _values(source: Source, environment: Mapping[str, str]) -> dict[str, str]:
    given = environment.get(source.stand_in)
    if given is not None:
        return _keys(source, given)
    if source.kind == KUBERNETES and environment.get("FLOWC_SECRETS") == KUBERNETES:
        return {}  # the pod has them as variables, or would not have started
    if source.kind == AWS:
        answer = _from_aws(source, environment)
        if "SecretString" in answer:
            return _keys(source, str(answer["SecretString"]))
        name = source.options.get("env_var_name") or answer.get("Name") or source.name
        return {_variable(str(name)): str(answer["SecretBinary"])}  # base64, as in the language
    raise CallMistake(
        f"the secret {source.name!r} is not here: set {source.stand_in} to a JSON object of what it holds,"
        f' as in {source.stand_in}=\'{{"PASSWORD": "…"}}\''
    )


def _keys(source: Source, text: str) -> dict[str, str]:
    """Each key of a JSON object as a variable, or the whole text as one."""
    if source.options.get("json") is False:
        return {_variable(str(source.options.get("env_var_name") or source.name)): text}
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CallMistake(f"the secret {source.name!r} is no JSON object: say options={{'json': False}} for a text")
    return {_variable(name): value if isinstance(value, str) else str(value) for name, value in found.items()}


def _variable(name: str) -> str:
    """A key as a variable's name: what secrets are often called by may hold `-`, `.` and `/`."""
    text = re.sub("[-./]", "_", name)
    if not _NAME.fullmatch(text):
        raise CallMistake(f"a secret's key {name!r} cannot be a variable's name")
    return text


def _from_aws(source: Source, environment: Mapping[str, str]) -> dict[str, Any]:
    """What GetSecretValue answers."""
    from flowc.store.aws.credentials import find
    from flowc.store.aws.profiles import Profiles, domain
    from flowc.store.aws.roles import ask_json, assume_role
    from flowc.store.aws.sigv4 import Scope

    profiles = Profiles(environment)
    sts = profiles.sts(environment)
    arn = re.match("arn:[^:]+:secretsmanager:([^:]+):", source.name)
    region = arn[1] if arn else str(source.options.get("region") or sts.region)
    url = environment.get("AWS_ENDPOINT_URL_SECRETS_MANAGER") or environment.get("AWS_ENDPOINT_URL")
    url = url or f"https://secretsmanager.{region}.{domain(region)}"
    try:
        credentials = find(environment, profiles)
        if source.role:
            credentials = assume_role(source.role, None, None, credentials, sts)
        body = json.dumps({"SecretId": source.name}).encode()
        status, answer = ask_json(
            url.rstrip("/") + "/", "secretsmanager.GetSecretValue", body, credentials, Scope(region, "secretsmanager")
        )
    except StoreError as error:
        kind = SetupError if isinstance(error, SetupError) else StoreError
        raise kind(f"the secret {source.name!r} cannot be read: {error}") from None
    found = _parsed(answer)
    if status != _OK:
        code = str(found.get("__type", status)).rpartition("#")[2]
        raise CallMistake(
            f"the secret {source.name!r} cannot be read: {code}: {found.get('message', found.get('Message', ''))}"
        )
    return found


def _parsed(answer: bytes) -> dict[str, Any]:
    try:
        found = json.loads(answer)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
