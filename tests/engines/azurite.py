"""Azure Blob Storage on this machine: Microsoft's emulator, of npm, in a folder of the engines."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

from tests.engines.venvs import ENGINES, alone

VERSION = "3.35.0"
NO_AZURITE = "NO AZURE BLOB STORAGE WAS ASKED"
"""How a test says that it had no emulator: the summary repeats it."""

_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account that the emulator has, and its key, which is everybody's."""


DIRECT = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
"""What keeps a client from a proxy on the way to this machine."""


class NoAzuriteError(Exception):
    """The emulator cannot be had here; the text says why."""


def program() -> Path:
    """The emulator's own program, which node runs; installed where the version changed. Raises NoAzuriteError."""
    folder = ENGINES / "azurite"
    stamp = folder / ".complete"
    ENGINES.mkdir(exist_ok=True)
    with alone(ENGINES / "azurite.alone"):
        if not (stamp.is_file() and stamp.read_text() == VERSION):
            if not (shutil.which("node") and shutil.which("npm")):
                raise NoAzuriteError("there is no node or no npm")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            words = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
            done = subprocess.run(
                [*words, f"azurite@{VERSION}"], cwd=folder, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise NoAzuriteError(f"npm cannot install azurite@{VERSION}: {done.stderr.strip()[-300:]}")
            stamp.write_text(VERSION)
    return folder / "node_modules/azurite/dist/src/blob/main.js"


@contextmanager
def azure(*containers: str) -> Iterator[dict[str, str]]:
    """The variables of a process that asks the emulator, which has these containers and ends with the block. Raises NoAzuriteError."""
    words = ["--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    words += ["--blobHost", "127.0.0.1", "--blobPort", "0"]
    process = subprocess.Popen(["node", str(program()), *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        place = next((line.rpartition("http://")[2] for line in process.stdout if "listens on" in line), "").strip()
        if not place:
            raise NoAzuriteError(f"azurite ended with code {process.wait()}")
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
        raise NoAzuriteError(f"azurite made no container: {answer.status} {said[:200]!r}")
