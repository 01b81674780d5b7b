"""Buckets that go wrong, served by one process."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Mapping
from urllib.request import Request, urlopen

import boto3


class Bucket:
    """A server of buckets, each with luck of its own; close it."""

    def __init__(self, seed: int) -> None:
        command = [sys.executable, "-m", "tests.soak.bad_bucket", str(seed)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        self._endpoint = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        self._counted: dict[str, Counter[str]] = {}

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process needs to reach it."""
        return {
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_ACCESS_KEY_ID": "k",
            "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def make(self) -> str:
        """The URL of a store in a new bucket."""
        client = boto3.client(
            "s3",
            endpoint_url=self._endpoint,
            aws_access_key_id="k",
            aws_secret_access_key="s",
            region_name="us-east-1",
        )
        name = f"soak-{uuid.uuid4().hex}"
        client.create_bucket(Bucket=name)
        client.close()
        return f"s3://{name}/flows"

    def luck(self, store: str, rate: float) -> Counter[str]:
        """Set how many of the store's requests go wrong from now on; what has gone wrong since the last call."""
        name = store.split("/")[2]
        with urlopen(Request(f"{self._endpoint}/-/luck?bucket={name}&rate={rate}", method="PUT")) as answer:
            counted = Counter[str](json.load(answer))
        new = counted - self._counted.get(name, Counter())
        self._counted[name] = counted
        return Counter({f"bucket: {kind}": count for kind, count in new.items()})

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
