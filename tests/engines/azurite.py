"""Azure Blob Storage on this machine: Microsoft's emulator, of npm, in a folder of the engines."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate

from tests.engines.npm import installed

PACKAGE = "azurite@3.35.0"
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account that the emulator has, and its key, which is everybody's."""


DIRECT = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
"""What keeps a client from a proxy on the way to this machine."""


class AzuriteError(Exception):
    """The emulator ended, or does not do what it is asked; the text says what it said."""


@contextmanager
def azure(*containers: str) -> Iterator[dict[str, str]]:
    """The variables of a process that asks the emulator, which has these containers and ends with the block. Raises AzuriteError.

    Skips the test where it cannot be had.
    """
    program = installed("azurite", PACKAGE) / "azurite/dist/src/blob/main.js"
    words = ["--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    words += ["--blobHost", "127.0.0.1", "--blobPort", "0"]
    process = subprocess.Popen(["node", str(program), *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        place = next((line.rpartition("http://")[2] for line in process.stdout if "listens on" in line), "").strip()
        if not place:
            raise AzuriteError(f"azurite ended with code {process.wait()}")
        for name in containers:
            _make(place, name)
        yield {"AZURE_STORAGE_USE_EMULATOR": "true", "AZURITE_BLOB_STORAGE_URL": f"http://{place}", **DIRECT}
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def _make(place: str, name: str) -> None:
    """Create a container, by a request that is signed as Azure wants it."""
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
    signed = "".join(f"{name}:{value}\n" for name, value in headers.items())
    text = f"PUT{chr(10) * 12}{signed}/{_ACCOUNT}/{_ACCOUNT}/{name}\nrestype:container"
    proof = base64.b64encode(hmac.new(base64.b64decode(_KEY), text.encode(), hashlib.sha256).digest()).decode()
    connection = http.client.HTTPConnection(place)
    headers |= {"authorization": f"SharedKey {_ACCOUNT}:{proof}", "content-length": "0"}
    connection.request("PUT", f"/{_ACCOUNT}/{name}?restype=container", headers=headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status != http.HTTPStatus.CREATED:
        raise AzuriteError(f"azurite made no container: {answer.status} {said[:200]!r}")
