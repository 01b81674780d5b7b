"""The places that a profile may name as its `credential_source`: variables, the container, the instance."""

from __future__ import annotations

from collections.abc import Mapping

from flowc.store.aws.sigv4 import Credentials
from flowc.store.protocol import StoreError


def from_environment(environment: Mapping[str, str]) -> Credentials | None:
    """The keys of `AWS_ACCESS_KEY_ID` and its companions. Raises StoreError where one is missing."""
    key = environment.get("AWS_ACCESS_KEY_ID")
    secret = environment.get("AWS_SECRET_ACCESS_KEY")
    if not key:
        return None
    if not secret:
        raise StoreError("AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not")
    return Credentials(key, secret, environment.get("AWS_SESSION_TOKEN") or None)


def from_container(environment: Mapping[str, str]) -> Credentials | None:
    """The role of the container, where its variables say whom to ask."""
    relative = environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    url = "http://169.254.170.2" + relative if relative else environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if not url:
        return None
    from flowc.store.aws.roles import container

    return container(
        url,
        environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
        environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    )


def from_instance(environment: Mapping[str, str]) -> Credentials | None:
    """The role of the instance, unless asking for it is turned off."""
    if environment.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return None
    from flowc.store.aws.roles import instance

    return instance(environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or "http://169.254.169.254")
