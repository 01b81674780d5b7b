"""Google Cloud Storage and Azure Blob Storage as tests have them: a server on this machine with the bucket `flows`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from tests.engines.azurite import DIRECT, NO_AZURITE, NoAzuriteError, azure
from tests.stages.gcs_server import Storage, google


@contextmanager
def cloud(kind: str) -> Iterator[Mapping[str, str]]:
    """The variables of one who asks `gs:` or `az:`, for as long as the block lasts. Skips the test where there is no emulator."""
    if kind == "gs":
        with google(Storage("flows", page=3)) as url:
            yield {"STORAGE_EMULATOR_HOST": url, **DIRECT}
        return
    emulator = azure("flows")
    try:
        variables = emulator.__enter__()
    except NoAzuriteError as error:
        pytest.skip(f"{NO_AZURITE}: {error}")
    try:
        yield variables
    finally:
        emulator.__exit__(None, None, None)
