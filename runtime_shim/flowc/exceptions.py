"""The exceptions that authors see, under the names that flows of the language use."""

from __future__ import annotations

from collections.abc import Iterable


class MetaflowException(Exception):
    """A mistake of the flow or of its use; the message is for its author."""

    headline = "Flow failed"

    def __init__(self, msg: str = "", lineno: int | None = None) -> None:
        super().__init__(msg)
        self.message = str(msg)
        self.line_no = lineno

    def __str__(self) -> str:
        return self.message


class CallMistake(MetaflowException):
    """The shim was called wrongly: nothing of the flow is at fault."""

    headline = "Wrong call"


class ParameterFieldFailed(MetaflowException):
    """A callable field of a parameter raised."""

    headline = "Parameter field failed"


class ParameterFieldTypeMismatch(MetaflowException):
    """A callable field of a parameter returned what does not fit its type."""

    headline = "Parameter field with a mismatching type"


class ExternalCommandFailed(MetaflowException):
    """A command that was called failed."""

    headline = "External command failed"


class MetaflowNotFound(MetaflowException):
    """There is no such flow, run, step, task or artifact."""

    headline = "Object not found"


class MetaflowNamespaceMismatch(MetaflowException):
    """The object is outside the current namespace."""

    headline = "Object not in the current namespace"

    def __init__(self, namespace: str) -> None:
        super().__init__(f"Object not in namespace {namespace!r}")


class MetaflowInvalidPathspec(MetaflowException):
    """A path of flow, run, step and task is not well formed."""

    headline = "Invalid pathspec"


class MetaflowInternalError(MetaflowException):
    """Ours."""

    headline = "Internal error"


class MetaflowTaggingError(MetaflowException):
    """A tag that is none, or that cannot be taken away."""

    headline = "Tagging error"


class CommandException(MetaflowException):
    """A command was called wrongly."""

    headline = "Invalid command"


class MetaflowDataMissing(MetaflowException):
    """Data of an earlier task is not in the store."""

    headline = "Data missing"


class MetaflowUnknownUser(MetaflowException):
    """Nothing says who the user is."""

    headline = "Unknown user"


class InvalidDecoratorAttribute(MetaflowException):
    """A decorator does not know an argument."""

    headline = "Unknown decorator attribute"


class BadStepDecoratorException(MetaflowException):
    """A step decorator stands on something that is no step."""

    headline = "Syntax error"


class InvalidNextException(MetaflowException):
    """`self.next(...)` was called with what is no transition."""

    headline = "Invalid self.next() transition detected"


class UnhandledInMergeArtifactsException(MetaflowException):
    """`merge_artifacts` met artifacts with different values; `artifact_names` says which."""

    headline = "Unhandled artifacts in merge"

    def __init__(self, msg: str, unhandled: Iterable[str] = ()) -> None:
        super().__init__(msg)
        self.artifact_names = list(unhandled)


class MissingInMergeArtifactsException(MetaflowException):
    """`merge_artifacts(include=...)` names what no branch has; `artifact_names` says which."""

    headline = "Missing artifacts in merge"

    def __init__(self, msg: str, unhandled: Iterable[str] = ()) -> None:
        super().__init__(msg)
        self.artifact_names = list(unhandled)


class UnpicklableArtifactException(MetaflowException):
    """An artifact cannot be saved."""

    headline = "Cannot save an artifact"


class TimeoutException(MetaflowException):
    """The step took longer than its `@timeout`."""

    headline = "@timeout"


class StepTimeout(BaseException):
    """Raised in the step when its `@timeout` is over; no Exception, so that an `except Exception` does not swallow it."""


class Terminated(BaseException):
    """Raised in the step when the process is asked to end (SIGTERM)."""


class FailureHandledByCatch(MetaflowException):
    """The failure of a step whose container was killed: there is no exception of the author's."""

    headline = "Task execution failed"

    def __init__(self, retry_count: int) -> None:
        super().__init__(
            f"All {retry_count} attempts ended without an exception of the step: something killed them (memory, a lost machine)."
        )


def _short(type: str) -> str:
    return type[len("builtins.") :] if type.startswith("builtins.") else type


class CaughtFailure(Exception):
    """What `@catch(var=...)` leaves: `.type` (`builtins.KeyError`), `.exception` and `.stacktrace` of the failure, all texts.

    What 0.1.0 wrote has types without their module.
    """

    def __init__(self, type: str, exception: str, stacktrace: str) -> None:
        super().__init__(type, exception, stacktrace)
        self.type = type
        self.exception = exception
        self.stacktrace = stacktrace

    def __str__(self) -> str:
        return f"{_short(self.type)}: {self.exception}"

    def __bool__(self) -> bool:
        return True


MetaflowExceptionWrapper = CaughtFailure
"""The name by which some flows know it."""
