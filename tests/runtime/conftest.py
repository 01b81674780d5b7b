"""A moto server as S3, one for all tests of this folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

import boto3
import pytest
from moto.s3.responses import S3Response
from moto.server import ThreadedMotoServer

from tests.stages.aws import NOWHERE


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The URL of the server."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    with pytest.MonkeyPatch.context() as patch:
        # S3 decides a conditional put in one go; moto looks first and writes then.
        lock, put = threading.Lock(), S3Response.put_object

        def at_once(self: S3Response) -> object:
            with lock:
                return put(self)

        patch.setattr(S3Response, "put_object", at_once)
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


@pytest.fixture(scope="session")
def buckets(endpoint: str) -> tuple[str, ...]:
    """Buckets that exist."""
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="k", aws_secret_access_key="s", region_name="us-east-1"
    )
    names = ("flows", "other")
    for name in names:
        client.create_bucket(Bucket=name)
    client.close()
    return names


@pytest.fixture
def environment(endpoint: str, buckets: tuple[str, ...]) -> Mapping[str, str]:
    """What a container that uses the server has in its environment."""
    return {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", **NOWHERE}
