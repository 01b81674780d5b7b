"""AWS credentials where clusters keep them: variables, profiles, web identity, container roles, the instance.

The order is the one of AWS's own tools. Each place either gives credentials, or says nothing (it is not set up here),
or raises a StoreError (it is set up and does not work).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

from flowc.store.aws.profiles import Profiles
from flowc.store.aws.sigv4 import Credentials
from flowc.store.aws.sources import from_container, from_environment, from_instance
from flowc.store.protocol import SetupError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

_EARLY = 300.0
"""Temporary credentials are renewed this many seconds before they end."""

Place: TypeAlias = "Callable[[Mapping[str, str], Profiles], Credentials | None]"


class Provider:
    """Credentials for one process, found at their first use and renewed before they end."""

    def __init__(self, environment: Mapping[str, str] = os.environ, profiles: Profiles | None = None) -> None:
        self._environment = environment
        self._profiles = profiles or Profiles(environment)
        self._credentials: Credentials | None = None

    def get(self) -> Credentials:
        """Credentials that are good for some minutes. Raises StoreError that names every place where there are none."""
        known = self._credentials
        if known is None or _ends_within(known, _EARLY):
            self._credentials = known = self._renewed(known)
        return known

    def refuse(self, credentials: Credentials) -> None:
        """Forget credentials that the server called expired, unless they are newer by now."""
        if self._credentials == credentials:
            self._credentials = None

    def _renewed(self, known: Credentials | None) -> Credentials:
        try:
            return find(self._environment, self._profiles)
        except StoreError:
            if known is None or _ends_within(known, 0.0):
                raise
            return known


def find(environment: Mapping[str, str], profiles: Profiles) -> Credentials:
    """The credentials of the first place that has some. Raises StoreError."""
    for _, place in _PLACES:
        found = place(environment, profiles)
        if found is not None:
            return found
    raise SetupError(
        "no AWS credentials: "
        + "; ".join(description for description, _ in _PLACES)
        + ". Set one of these up, for a container best a role of its service account or task"
    )


def _ends_within(credentials: Credentials, seconds: float) -> bool:
    return credentials.expires is not None and credentials.expires - time.time() <= seconds


def _from_profile(environment: Mapping[str, str], profiles: Profiles) -> Credentials | None:
    return profiles.credentials(environment)


def _from_web_identity(environment: Mapping[str, str], profiles: Profiles) -> Credentials | None:
    if not environment.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        return None
    from flowc.store.aws.roles import web_identity

    role = environment.get("AWS_ROLE_ARN")
    if not role:
        raise SetupError("AWS_WEB_IDENTITY_TOKEN_FILE is set, AWS_ROLE_ARN is not")
    return web_identity(
        role,
        environment["AWS_WEB_IDENTITY_TOKEN_FILE"],
        environment.get("AWS_ROLE_SESSION_NAME"),
        profiles.sts(environment),
    )


_PLACES: list[tuple[str, Place]] = [
    ("AWS_ACCESS_KEY_ID is not set", lambda environment, _: from_environment(environment)),
    ("AWS_WEB_IDENTITY_TOKEN_FILE is not set", _from_web_identity),
    ("no profile of ~/.aws/credentials or ~/.aws/config has any", _from_profile),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI is not set", lambda environment, _: from_container(environment)),
    ("no instance role answers at 169.254.169.254", lambda environment, _: from_instance(environment)),
]
