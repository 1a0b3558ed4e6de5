"""Keys for S3 from where AWS's own tools look for them; kept in memory for one connection.

Databases need nothing here: libpq reads PGPASSWORD, PGSERVICE and ~/.pgpass, MySQL's client MYSQL_PWD. Roles that a
machine takes on by itself (instance metadata, web identity) are not supported: export their keys into the environment.
"""

from __future__ import annotations

import configparser
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from plumbline.store.sql import literal


@dataclass(frozen=True, slots=True)
class S3Keys:
    """What S3 is asked with; empty keys for a public bucket. ``endpoint``: host and port where it is not AWS's."""

    key: str = ""
    secret: str = ""
    token: str = ""
    region: str = ""
    endpoint: str = ""
    tls: bool = True

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(s for s in (self.secret, self.token, self.key) if s)

    def statement(self) -> str:
        """The SQL that makes them known to a connection."""
        options = [("KEY_ID", self.key), ("SECRET", self.secret), ("SESSION_TOKEN", self.token),
                   ("REGION", self.region), ("ENDPOINT", self.endpoint)]  # fmt: skip
        said = ["TYPE s3", *(f"{name} {literal(value)}" for name, value in options if value)]
        if self.endpoint:
            said += ["URL_STYLE 'path'", f"USE_SSL {str(self.tls).lower()}"]
        return f"CREATE SECRET keys ({', '.join(said)})"


def s3_keys() -> S3Keys:
    """The environment first, then the profile's entry in ~/.aws/credentials and ~/.aws/config."""
    env = os.environ
    profile = env.get("AWS_PROFILE", "default")
    stored = _section("AWS_SHARED_CREDENTIALS_FILE", "credentials", profile)
    config = _section("AWS_CONFIG_FILE", "config", profile if profile == "default" else f"profile {profile}")
    if env.get("AWS_ACCESS_KEY_ID"):
        stored = {}
    address = env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL") or config.get("endpoint_url", "")
    endpoint = urlsplit(address)
    return S3Keys(
        key=env.get("AWS_ACCESS_KEY_ID") or stored.get("aws_access_key_id", ""),
        secret=env.get("AWS_SECRET_ACCESS_KEY", "")
        if not stored
        else stored.get("aws_secret_access_key", ""),
        token=env.get("AWS_SESSION_TOKEN", "") if not stored else stored.get("aws_session_token", ""),
        region=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or config.get("region", "us-east-1"),
        endpoint=endpoint.netloc,
        tls=endpoint.scheme != "http",
    )


def _section(variable: str, name: str, section: str) -> dict[str, str]:
    path = Path(os.environ.get(variable) or Path.home() / ".aws" / name)
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, "utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return {}
    return dict(parser[section]) if parser.has_section(section) else {}
