"""AWS profiles: `~/.aws/credentials` and `~/.aws/config`, with roles that build on other profiles."""

from __future__ import annotations

import os
from collections.abc import Mapping

from flowc.store.aws.sigv4 import Credentials, Sts
from flowc.store.protocol import SetupError

Section = Mapping[str, str]


class Profiles:
    """The two files, read once, when the first thing is asked of them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.name = environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE") or "default"
        self._is_named = self.name != "default"
        self._paths = (
            environment.get("AWS_CONFIG_FILE") or "~/.aws/config",
            environment.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials",
        )
        self._read: dict[str, dict[str, str]] | None = None

    def setting(self, name: str) -> str | None:
        """A value of the chosen profile, such as `region` or `endpoint_url`."""
        return self._sections.get(self.name, {}).get(name) or None

    def sts(self, environment: Mapping[str, str]) -> Sts:
        """The service that gives temporary credentials, in the region of this process."""
        region = region_of(environment, self)
        return Sts(
            environment.get("AWS_ENDPOINT_URL_STS")
            or environment.get("AWS_ENDPOINT_URL")
            or f"https://sts.{region}.{domain(region)}",
            region,
        )

    def credentials(self, environment: Mapping[str, str]) -> Credentials | None:
        """What the chosen profile gives: keys, a process, or a role. None where there is no such profile by default."""
        if self.name not in self._sections:
            if self._is_named:
                raise SetupError(f"AWS_PROFILE names the profile {self.name!r}, which is in neither of {self._paths}")
            return None
        return self._of(self.name, environment, ())

    def _of(self, name: str, environment: Mapping[str, str], seen: tuple[str, ...]) -> Credentials | None:
        section = self._sections.get(name)
        if section is None or name in seen[:-1]:
            raise SetupError(
                f"the AWS profile {seen[0] if seen else name!r} builds on {name!r}, which is missing or builds on it"
            )
        if "role_arn" in section and seen[-1:] != (name,):
            return self._role(name, section, environment, seen)
        if "aws_access_key_id" in section:
            return Credentials(
                section["aws_access_key_id"],
                section.get("aws_secret_access_key", ""),
                section.get("aws_session_token"),
            )
        if "credential_process" in section:
            from flowc.store.aws.roles import process

            return process(section["credential_process"], name)
        if "sso_session" in section or "sso_start_url" in section:
            raise SetupError(
                f"the AWS profile {name!r} is a single sign-on: run `eval $(aws configure export-credentials --format env)` first"
            )
        return None

    def _role(
        self, name: str, section: Section, environment: Mapping[str, str], seen: tuple[str, ...]
    ) -> Credentials | None:
        from flowc.store.aws.roles import assume_role, web_identity

        session = section.get("role_session_name")
        if "web_identity_token_file" in section:
            return web_identity(section["role_arn"], section["web_identity_token_file"], session, self.sts(environment))
        if "source_profile" in section:
            source = self._of(section["source_profile"], environment, (*seen, name))
        else:
            source = _named_source(section, environment)
        if source is None:
            raise SetupError(f"the AWS profile {name!r} has a role_arn, and its source has no credentials")
        return assume_role(section["role_arn"], session, section.get("external_id"), source, self.sts(environment))

    @property
    def _sections(self) -> dict[str, dict[str, str]]:
        if self._read is None:
            self._read = _sections(self._paths)
        return self._read


def region_of(environment: Mapping[str, str], profiles: Profiles) -> str:
    """The region of this process; where nothing says one, S3 itself tells the right one at the first request."""
    return (
        environment.get("AWS_REGION")
        or environment.get("AWS_DEFAULT_REGION")
        or profiles.setting("region")
        or "us-east-1"
    )


def domain(region: str) -> str:
    """The domain of a region's partition."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def _named_source(section: Section, environment: Mapping[str, str]) -> Credentials | None:
    from flowc.store.aws.sources import from_container, from_environment, from_instance

    places = {
        "Environment": from_environment,
        "EcsContainer": from_container,
        "Ec2InstanceMetadata": from_instance,
    }
    name = section.get("credential_source", "")
    if name not in places:
        raise SetupError(
            f"an AWS profile with a role_arn needs source_profile or credential_source ({', '.join(places)})"
        )
    return places[name](environment)


def _sections(paths: tuple[str, str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for path in paths:
        for name, values in _parsed(os.path.expanduser(path)).items():
            found.setdefault(name, {}).update(values)
    return found


def _parsed(path: str) -> dict[str, dict[str, str]]:
    if not os.path.isfile(path):
        return {}
    from configparser import Error, RawConfigParser

    parser = RawConfigParser(default_section="\0", strict=False)
    try:
        parser.read(path, encoding="utf-8")
    except (Error, UnicodeDecodeError, OSError) as error:
        raise SetupError(f"{path} cannot be read: {error}") from error
    return {name[8:].strip() if name.startswith("profile ") else name: dict(parser[name]) for name in parser.sections()}
