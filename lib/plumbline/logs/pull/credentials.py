"""How S3 is asked: with the environment's keys, by AWS's own chain of credentials, or without any.

Keys in the environment need nothing else. All other ways (profiles, SSO, web identity, a container's or a machine's
role) are the chain's of DuckDB's aws extension, which also renews keys that run out; instance metadata is asked last,
and never with ``AWS_EC2_METADATA_DISABLED=true``. Keys stay in the memory of one connection. Of AWS's files we read
settings alone, as the chain does not know ``endpoint_url``. AWS's library reads its configuration once in a process.

Databases need nothing here: libpq reads PGPASSWORD, PGSERVICE and ~/.pgpass, MySQL's client MYSQL_PWD.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from plumbline.domain import PlumblineError
from plumbline.domain.extras import is_installed, missing_extra_error, need_module
from plumbline.domain.messages import message
from plumbline.store.database.extensions import load_extension
from plumbline.store.sql import literal

CHAIN = "duckdb_extension_aws"
#: variables that name keys or a way to them
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_WAYS = ("AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
         "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")  # fmt: skip


def make_s3_secret(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a connection ask S3, before it is locked; without any keys a bucket has to be public.

    Raises:
        PlumblineError: a profile or a role is named, and it gives no keys, or the extra that reads it is missing.
    """
    profile = _profile()
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        names = ("KEY_ID", "SECRET", "SESSION_TOKEN")
        keys = {name: os.environ.get(variable, "") for name, variable in zip(names, _KEYS, strict=True)}
        connection.execute(_statement(keys | _place(profile, "us-east-1")))
        return
    named = any(os.environ.get(name) for name in _WAYS) or "role_arn" in profile
    if named:
        need_module(CHAIN)
    if is_installed(CHAIN):
        load_extension(connection, "aws")
        chain = {"PROVIDER": "credential_chain", "REFRESH": "auto"}
        if profile.get("role_arn"):  # else the chain would pass over it to the machine's own role
            chain |= {"CHAIN": "config", "PROFILE": os.environ.get("AWS_PROFILE", "default")}
        try:
            connection.execute(_statement(chain | _place(profile, "")))
            return
        except duckdb.Error as error:  # it found no keys, or none were given; its text may name a role
            if named or not str(error).startswith("Secret Validation Failure"):
                raise _no_keys_error() from None
    connection.execute(_statement(_place(profile, "us-east-1")))


def s3_secrets() -> tuple[str, ...]:
    """What must not appear in a message, longest first."""
    return tuple(sorted(filter(None, map(os.environ.get, _KEYS)), key=len, reverse=True))


def s3_advice() -> str:
    """What to do where a bucket refuses the keys, or there were none."""
    missing = missing_extra_error(CHAIN)
    text = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    return (
        f"{text}. {missing}"
        if missing
        else f"{text}, or AWS_PROFILE, or give this machine a role that may read it."
    )


def _no_keys_error() -> PlumblineError:
    profile = os.environ.get("AWS_PROFILE")
    return PlumblineError(
        message(
            "AWS gives no keys for {part}",
            part=f"the profile {profile[:60]!r}" if profile else "the role of this environment",
        ),
        todo="Check its name and what it may take on, or sign in again: aws sso login.",
    )


def _statement(options: Mapping[str, str]) -> str:
    """The SQL of a secret; values that are empty are left out, and what is true or false is not quoted."""
    said = [
        f"{name} {value if name == 'USE_SSL' else literal(value)}" for name, value in options.items() if value
    ]
    return f"CREATE SECRET keys ({', '.join(('TYPE s3', *said))})"


def _place(profile: Mapping[str, str], region: str) -> dict[str, str]:
    """Where S3 is: the environment first, then the profile; ``region`` where neither says it."""
    env = os.environ
    address = env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL") or profile.get("endpoint_url", "")
    endpoint = urlsplit(address)
    variables = {
        "REGION": env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or profile.get("region", region)
    }
    if endpoint.netloc:
        ssl = str(endpoint.scheme != "http").lower()
        variables |= {"ENDPOINT": endpoint.netloc, "URL_STYLE": "path", "USE_SSL": ssl}
    return variables


def _profile() -> dict[str, str]:
    """The settings of the profile in AWS's configuration file, keys left out."""
    name = os.environ.get("AWS_PROFILE", "default")
    path = Path(os.environ.get("AWS_CONFIG_FILE") or Path.home() / ".aws" / "config")
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, "utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return {}
    section = name if name == "default" else f"profile {name}"
    profile_values = dict(parser[section]) if parser.has_section(section) else {}
    return {
        key: profile_values[key] for key in ("region", "endpoint_url", "role_arn") if key in profile_values
    }
