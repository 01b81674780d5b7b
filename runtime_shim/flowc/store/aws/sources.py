"""The places that a profile may name as its `credential_source`: variables, the container, the instance."""

from __future__ import annotations

from collections.abc import Mapping

from flowc.standard_path import standard_path
from flowc.store.aws.sigv4 import Credentials
from flowc.store.protocol import SetupError


def from_environment(environment: Mapping[str, str]) -> Credentials | None:
    """The keys of `AWS_ACCESS_KEY_ID` and its companions. Raises SetupError where one is missing."""
    key = environment.get("AWS_ACCESS_KEY_ID")
    secret = environment.get("AWS_SECRET_ACCESS_KEY")
    if not key:
        return None
    if not secret:
        raise SetupError("AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not")
    return Credentials(key, secret, environment.get("AWS_SESSION_TOKEN") or None)


def from_container(environment: Mapping[str, str]) -> Credentials | None:
    """The role of the container, where its variables say whom to ask."""
    relative = environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    url = "http://169.254.170.2" + relative if relative else environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if not url:
        return None
    if not _is_near(url):
        raise SetupError(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI (or _RELATIVE_URI) names neither this machine, nor the service of ECS or EKS, nor an "
            "https:// URL: credentials that anybody else gives, or sees asked for, are not used"
        )
    from flowc.store.aws.roles import container

    return container(
        url,
        environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
        environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    )


_NEAR = ("localhost", "169.254.170.2", "169.254.170.23", "fd00:ec2::23")
"""This machine by name, the container credentials of ECS, and those of EKS."""


def _is_near(url: str) -> bool:
    """Whether one may ask there for credentials: what AWS's own tools allow."""
    with standard_path():
        from ipaddress import ip_address
        from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not host or "@" in parts.netloc or parts.scheme not in ("http", "https"):
            return False
        return parts.scheme == "https" or host in _NEAR or ip_address(host).is_loopback
    except ValueError:
        return False


def from_instance(environment: Mapping[str, str]) -> Credentials | None:
    """The role of the instance, unless asking for it is turned off."""
    if environment.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return None
    from flowc.store.aws.roles import instance

    return instance(environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or "http://169.254.169.254")
