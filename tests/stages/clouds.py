"""Google Cloud Storage and Azure Blob Storage as tests have them: a server on this machine with the bucket `flows`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.engines.azurite import DIRECT, azure
from tests.stages.gcs_server import Storage, google


@contextmanager
def cloud(kind: str) -> Iterator[Mapping[str, str]]:
    """The variables of one who asks `gs:` or `az:`, for as long as the block lasts. Skips the test where there is no emulator."""
    if kind == "gs":
        with google(Storage("flows", page=3)) as url:
            yield {"STORAGE_EMULATOR_HOST": url, **DIRECT}
    else:
        with azure("flows") as variables:
            yield variables
