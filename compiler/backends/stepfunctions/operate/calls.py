"""Every request to AWS: a client a service, and what went wrong as one line that says what to do.

boto3 signs, retries and parses; this module only decides what an answer means. No text of it holds a credential: AWS repeats a
request's headers where a signature is wrong, and such an answer is told by its word alone.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from compiler.backends.operating import Connection, EngineError, NotThereError, RefusedError
from compiler.legible import one_line
from compiler.mistakes import CallError

try:
    import boto3  # type: ignore[import-untyped]  # it has no stubs
    import botocore.session  # type: ignore[import-untyped]
    from botocore import exceptions as wrong
    from botocore.config import Config  # type: ignore[import-untyped]
    from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]
except ModuleNotFoundError:
    raise EngineError("Step Functions is asked by boto3, which is not installed: pip install 'flowc[aws]'") from None

Service = Literal[
    "stepfunctions", "batch", "logs", "scheduler", "events", "sts", "s3", "iam", "resourcegroupstaggingapi"
]

ATTEMPTS = 3
"""How often a request goes out where an answer was lost, slow, throttled or 5xx. Every change that is asked for bears a second one."""

TABLE = "[tool.flowc.step-functions.connection]"
_LONGEST = 300
_CONNECT = 10.0

_ABSENT = re.compile(r"DoesNotExist|NotFound|NoSuch")
_DENIED = re.compile(r"AccessDenied|NotAuthorized|UnauthorizedOperation|AuthorizationError|Forbidden")
_CREDENTIAL = re.compile(
    r"Signature|ExpiredToken|RequestExpired|InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|AuthFailure|"
    r"MissingAuthenticationToken|OptInRequired|InvalidToken$"
)
_THROTTLED = re.compile(r"Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|LimitExceeded$")
_BUSY = re.compile(r"Conflict|ConcurrentModification|StateMachineDeleting")

_FIRST_MISTAKE, _TOO_MANY, _SERVERS = 300, 429, 500
_BEGINNING = 20
_PAUSE = 0.5
_BETWEEN = "is a proxy or a sign-in page between? Look at HTTPS_PROXY and at `endpoint`"


class WrongError(RefusedError):
    """AWS takes the request for wrong; `word` is its own name of the mistake."""

    def __init__(self, message: str, word: str) -> None:
        super().__init__(message)
        self.word = word


class AbsentError(NotThereError):
    """What was asked for is not there."""


class DeniedError(EngineError):
    """The caller may not do this."""


class BusyError(EngineError):
    """Something else changes the same thing at this moment."""


class CutError(EngineError):
    """An answer that ends before its end, which botocore does not see."""


class Aws:
    """One account and region of AWS. Clients are made as they are needed; nothing is asked before `ask`."""

    def __init__(self, connection: Connection) -> None:
        """Raises CallError for wrong options, EngineError where AWS's own files name no such profile or no region."""
        self.variables = connection.variables
        self.store = connection.store
        self.timeout = connection.timeout
        self._endpoint = connection.text("endpoint", TABLE)
        self.profile = connection.text("profile", TABLE)
        self.log_group = connection.text("log_group", TABLE)
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._caller: dict[str, str] = {}
        self._session = self._made_session(connection)
        self.region = str(self._session.region_name or "")
        if not self.region:
            raise EngineError(f"no region of AWS is named: write `region` of {TABLE}, or set AWS_REGION")

    def _made_session(self, connection: Connection) -> Any:
        variables, own = self.variables, botocore.session.Session()
        for key, name in (
            ("config_file", "AWS_CONFIG_FILE"),
            ("credentials_file", "AWS_SHARED_CREDENTIALS_FILE"),
            ("ca_bundle", "AWS_CA_BUNDLE"),
        ):
            if variables.get(name):
                own.set_config_variable(key, variables[name])
        profile = self.profile or variables.get("AWS_PROFILE") or variables.get("AWS_DEFAULT_PROFILE") or None
        region = (
            connection.text("region", TABLE)
            or variables.get("AWS_REGION")
            or variables.get("AWS_DEFAULT_REGION")
            or None
        )
        keys = {}
        if not self.profile and variables.get("AWS_ACCESS_KEY_ID"):
            keys = {
                "aws_access_key_id": variables["AWS_ACCESS_KEY_ID"],
                "aws_secret_access_key": variables.get("AWS_SECRET_ACCESS_KEY"),
                "aws_session_token": variables.get("AWS_SESSION_TOKEN") or None,
            }
            profile = None
        try:
            return boto3.Session(botocore_session=own, profile_name=profile, region_name=region, **keys)
        except (wrong.BotoCoreError, ValueError) as error:
            raise self._unsent(error, "sign in") from None

    def endpoint(self, service: str) -> str:
        """The address that is asked instead of AWS's own; empty where it is AWS's own."""
        named = f"AWS_ENDPOINT_URL_{_ENDPOINT_NAMES.get(service, service).upper()}"
        return self._endpoint or self.variables.get(named) or self.variables.get("AWS_ENDPOINT_URL", "")

    def client(self, service: Service) -> Any:
        """The client of a service. Raises EngineError where the address is none."""
        with self._lock:
            if service not in self._clients:
                config = Config(
                    connect_timeout=min(_CONNECT, self.timeout),
                    read_timeout=self.timeout,
                    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                    user_agent_extra="flowc",
                    s3={"addressing_style": "path"} if self.endpoint("s3") else None,
                )
                address = self.endpoint(service) or None
                try:
                    made = self._session.client(service, endpoint_url=address, config=config)
                except (wrong.BotoCoreError, ValueError) as error:
                    raise self._unsent(error, "open a client") from None
                made.meta.events.register("after-call", self._is_of_aws)
                self._clients[service] = made
            return self._clients[service]

    def ask(self, service: Service, operation: str, **words: Any) -> dict[str, Any]:
        """The answer to one request. Raises EngineError, AbsentError, WrongError, as the module's head says."""
        for _ in range(ATTEMPTS - 1):
            try:
                return self._asked(service, operation, words)
            except CutError:
                time.sleep(random.uniform(0, _PAUSE))
        return self._asked(service, operation, words)

    def _asked(self, service: Service, operation: str, words: Mapping[str, Any]) -> dict[str, Any]:
        method = getattr(self.client(service), operation)
        try:
            answer: dict[str, Any] = method(**words)
        except wrong.ClientError as error:
            raise self._refused(error, operation) from None
        except (wrong.BotoCoreError, ResponseParserError, ValueError) as error:
            raise self._unsent(error, operation) from None
        except (AttributeError, KeyError, TypeError) as error:  # botocore takes any JSON for an object
            raise EngineError(f"what answered {operation} is not AWS ({type(error).__name__}): {_BETWEEN}") from None
        return answer

    def pages(
        self, service: Service, operation: str, key: str, *, most: int = 100, **words: Any
    ) -> Iterator[dict[str, Any]]:
        """The items under `key` of at most `most` pages."""
        for _ in range(most):
            answer = self.ask(service, operation, **words)
            yield from answer.get(key) or ()
            name = next((name for name in _TOKENS if answer.get(name)), None)
            if name is None:
                return
            words[name] = answer[name]

    def caller(self) -> tuple[str, str]:
        """The partition and the account that the credentials belong to."""
        if not self._caller:
            self._caller = self.ask("sts", "get_caller_identity")
        return str(self._caller["Arn"]).split(":")[1], str(self._caller["Account"])

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something of this account and region."""
        partition, account = self.caller()
        return f"arn:{partition}:{service}:{self.region}:{account}:{resource}"

    def _is_of_aws(self, http_response: Any, model: Any, parsed: Mapping[str, Any], **_: object) -> None:
        """botocore makes an empty answer of any text that is no JSON, as a proxy's page: that is no answer of AWS's."""
        if http_response.status_code >= _FIRST_MISTAKE or model.has_streaming_output:
            return
        length, content = http_response.headers.get("content-length", ""), http_response.content
        if length.isdigit() and int(length) != len(content) and "content-encoding" not in http_response.headers:
            raise CutError(f"{model.name} got half an answer: the connection was cut: call again")
        body = content.lstrip()[:_BEGINNING].lower()
        is_json = "json" in model.service_model.metadata["protocol"]
        lacking = [
            name for name in (model.output_shape.required_members if model.output_shape else ()) if name not in parsed
        ]
        if lacking or (is_json and body[:1] not in (b"", b"{")) or body.startswith((b"<html", b"<!doctype")):
            raise EngineError(
                f"what answered {model.name} at {urlsplit(http_response.url).hostname} is not AWS: {_BETWEEN}"
            )

    def _refused(self, error: Any, operation: str) -> CallError:
        told = error.response.get("Error", {})
        word = one_line(str(told.get("Code") or "no word"))[:80]
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
        sentence = self.said(str(told.get("Message") or ""))
        if _CREDENTIAL.search(word):
            return EngineError(
                f"AWS does not take the credentials ({word}): sign in again, or set {self._how_to_sign_in()}"
            )
        if _DENIED.search(word) or status in (401, 403):
            return DeniedError(f"AWS does not permit {operation} ({word}): {sentence}; give the caller this right")
        if _THROTTLED.search(word) or status == _TOO_MANY or status >= _SERVERS or not status:
            told = f"{status or 'nothing'} ({word}), {ATTEMPTS} times over"
            return EngineError(f"AWS answers {operation} with {told}: wait a while and call again")
        return _of_request(operation, word, sentence)

    def _unsent(self, error: Exception, what: str) -> CallError:
        """What went wrong before an answer was there: told in our words, since botocore's hold whole addresses."""
        word = type(error).__name__
        if isinstance(error, _NO_KEYS):
            return EngineError(f"there are no credentials of AWS to ask {what} with ({word}): {_KEYS}")
        for kinds, cure in _UNSENT:
            if isinstance(error, kinds):
                return EngineError(f"{what} got no answer of AWS in {self._region_text()} ({word}): {cure}")
        if isinstance(error, wrong.ParamValidationError):
            return WrongError(f"AWS does not take {what} as it is written: {self.said(str(error))}", word)
        if isinstance(error, wrong.ProfileNotFound):
            return EngineError(
                f"AWS's files have no profile {self.profile or self.variables.get('AWS_PROFILE', '')!r}: see `aws configure list-profiles`"
            )
        if isinstance(error, ValueError) and not isinstance(error, wrong.BotoCoreError):
            return CallError(f"`endpoint` of {TABLE} (or AWS_ENDPOINT_URL) is no address: write https://host:port")
        return EngineError(f"{what} could not be sent to AWS ({word}): set {self._how_to_sign_in()}")

    def said(self, text: str) -> str:
        """A sentence of AWS's on one line, bounded, without what the caller signs with."""
        return one_line(self._without_secrets(text))[:_LONGEST].strip().rstrip(".")

    def _without_secrets(self, text: str) -> str:
        found = [
            self.variables.get(name, "") for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID")
        ]
        try:
            signed = self._session.get_credentials()  # found when the request was signed, so nothing is asked now
            found += [str(each) for each in (signed.get_frozen_credentials() if signed else ()) if each]
        except wrong.BotoCoreError:
            pass  # then nothing was signed with them
        for secret in (each for each in found if len(each) > 6):  # noqa: PLR2004 - a shorter one would hide plain words
            text = text.replace(secret, "…")
        return text

    def _how_to_sign_in(self) -> str:
        return f"`profile` of {TABLE} or AWS's variables; `aws sts get-caller-identity` shows who calls"

    def _region_text(self) -> str:
        return getattr(self, "region", "") or "no region"


_ENDPOINT_NAMES = {
    "stepfunctions": "sfn",
    "logs": "cloudwatch_logs",
    "events": "eventbridge",
    "resourcegroupstaggingapi": "resource_groups_tagging_api",
}
"""How AWS spells a service in `AWS_ENDPOINT_URL_…`."""

_TOKENS = ("nextToken", "NextToken", "PaginationToken")
"""Under which names a further page is told, and asked for."""

_NO_KEYS = (wrong.NoCredentialsError, wrong.PartialCredentialsError, wrong.CredentialRetrievalError)
_KEYS = f"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of ~/.aws/config as `profile` of {TABLE} or AWS_PROFILE"
_UNSENT: tuple[tuple[Any, str], ...] = (
    ((wrong.TokenRetrievalError, wrong.SSOError), "sign in again with `aws sso login`"),
    ((wrong.SSLError,), "its certificate is not trusted: set AWS_CA_BUNDLE to the authority's file"),
    ((wrong.ProxyConnectionError,), "the proxy cannot be reached: look at HTTPS_PROXY"),
    (
        (wrong.ConnectTimeoutError, wrong.ReadTimeoutError),
        "it takes too long: is the network there, and is the region right?",
    ),
    ((wrong.EndpointConnectionError,), "is the network there, and are `region` and `endpoint` right?"),
    (
        (wrong.ConnectionClosedError, wrong.ResponseStreamingError, wrong.HTTPClientError),
        "the connection was cut: call again",
    ),
    ((ResponseParserError,), "what answered is not AWS: look at HTTPS_PROXY and at `endpoint`"),
)


def _of_request(operation: str, word: str, sentence: str) -> CallError:
    """What is wrong about what was asked for, not about who asks or how AWS is."""
    if _BUSY.search(word):
        return BusyError(f"AWS is still changing this ({word}): {sentence}; call again")
    if _ABSENT.search(word) or _says_absent(word, sentence):
        return AbsentError(f"AWS has none ({word}): {sentence}")
    return WrongError(f"AWS refuses {operation} ({word}): {sentence}", word)


def _says_absent(word: str, sentence: str) -> bool:
    """Batch has one word for every mistake."""
    return word == "ClientException" and bool(re.search(r"(does not|doesn't) exist|not found", sentence))


def seconds(when: object) -> float:
    """A time of AWS's, as boto3 gives it or in milliseconds, in seconds since 1970."""
    if isinstance(when, datetime):
        return when.timestamp()
    if isinstance(when, int | float):
        return when / 1000
    raise EngineError("AWS has told a time that is none: is that AWS at `endpoint`?")
