"""`IncludeFile`: a parameter whose value is what a file holds."""

from __future__ import annotations

import os

from flowc.exceptions import CallMistake
from flowc.language.parameters import Parameter, of_author
from flowc.store import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class IncludeFile(Parameter):
    """The file is one of the code, named beside the flow, or an object of the store, named by its URL when a run starts.

    The value is its text, with `is_text=False` its bytes, or what `parser` makes of either.
    """

    def __init__(
        self,
        name: str,
        required: bool | None = None,
        is_text: bool | None = None,
        encoding: str | None = None,
        help: str | None = None,
        parser: Any = None,
        default: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(name, default=default, help=help, required=required, **options)
        self.is_text = is_text is not False
        self.encoding = encoding or "utf-8"
        self.parser = parser

    def of_given(self, value: Any, evaluated: Any) -> Any:
        """What lies at a URL. Raises CallMistake."""
        if not isinstance(value, str) or not value.startswith(KINDS):
            raise CallMistake(
                f"parameter {self.name!r} wants the URL of a file, as in s3://bucket/path, not {value!r}; "
                "a path is read by `flowc run` alone"
            )
        try:
            return self._value(_fetched(value), value)
        except OSError as error:
            raise CallMistake(f"parameter {self.name!r}: cannot read {value}: {error.strerror}") from None

    def of_default(self, value: Any, folders: tuple[str, ...]) -> Any:
        """What a file of the code holds; `folders` are where it may lie. Raises CallMistake."""
        path = os.fspath(value)
        for folder in folders or ("",):
            place = os.path.join(folder, path)
            if os.path.isfile(place):
                with open(place, "rb") as file:
                    return self._value(file.read(), path)
        raise CallMistake(f"parameter {self.name!r}: there is no file {path} with the code")

    def _value(self, data: bytes, place: str) -> Any:
        try:
            content = data.decode(self.encoding) if self.is_text else data
        except (UnicodeError, LookupError) as error:
            raise CallMistake(f"parameter {self.name!r}: {place} cannot be read as text: {error}") from None
        if self.parser is None:
            return content
        from flowc.language.configs import located

        parser = located(self.parser) if isinstance(self.parser, str) else self.parser
        return of_author(parser, content)


def _fetched(url: str) -> bytes:
    if url.startswith("file:"):
        with open(url.partition(":")[2], "rb") as file:
            return file.read()
    if not url.startswith("s3:"):
        return _object(url)
    from flowc.datatools.s3 import S3
    from flowc.exceptions import MetaflowException

    try:
        with S3() as s3:
            return s3.get(url).blob or b""
    except MetaflowException as error:
        raise CallMistake(f"cannot read {url}: {error}") from None


def _object(url: str) -> bytes:
    from flowc.store import MissingError, read_object

    try:
        return read_object(url)
    except MissingError:
        raise CallMistake(f"cannot read {url}: there is no such object") from None
