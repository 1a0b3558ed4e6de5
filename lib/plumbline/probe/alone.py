"""Reading a registry in a process of its own, with none of this machine's credentials but those bound to its host.

Drivers and clients find credentials in many places: variables, files in the home folder, agents of a cloud. A process
that has none of them cannot hand them to whoever answers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from datetime import datetime
from typing import Any

from plumbline.domain import PlumblineError, Probe, ProbedVersion
from plumbline.probe.places import Place

SECONDS = 150
#: what a process needs to run and to trust: no credentials among them
_NEEDED = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "SSL_CERT_FILE", "SSL_CERT_DIR",
           "REQUESTS_CA_BUNDLE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # fmt: skip
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
#: PostgreSQL's driver also looks where the password file says that the user's home is
_SHUT = {"PGPASSFILE": os.devnull, "PGSERVICEFILE": os.devnull, "PGSYSCONFDIR": os.devnull, "PGGSSENCMODE": "disable",
         "PGSSLCERT": os.devnull + "/none", "PGSSLKEY": os.devnull + "/none", "NETRC": os.devnull,
         "AWS_EC2_METADATA_DISABLED": "true", "MLFLOW_ALLOW_HTTP_REDIRECTS": "false"}  # fmt: skip


def probe_in_child(uri: str, model: str, *, by: str, place: Place) -> Probe:
    """``registry.probe_mlflow`` in a process that can reach ``place`` alone and holds what is bound to it.

    Raises:
        PlumblineError: as ``probe_mlflow``; also when the process ends or takes too long.
    """
    request = json.dumps(
        {"uri": uri, "model": model, "by": by, "host": place.host, "link_local": _literal(place)}
    )
    with tempfile.TemporaryDirectory(prefix="plumbline-probe-") as home:
        try:
            process = subprocess.run(
                [sys.executable, "-m", "plumbline.probe.child"],
                input=request.encode(),
                capture_output=True,
                timeout=SECONDS,
                env=_environment(place, home),
                cwd=home,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _timeout_error() from None
    try:
        answer = json.loads(process.stdout)
    except ValueError:
        raise _timeout_error() from None
    if "error" in answer:
        raise PlumblineError(answer["error"], where=answer["where"], todo=answer["todo"])
    return read(answer)


def _timeout_error() -> PlumblineError:
    return PlumblineError(
        "The registry could not be read in time", todo="Check that it answers, and try again."
    )


def _literal(place: Place) -> bool:
    from plumbline.probe.places import is_link_local

    return is_link_local(place)


def _environment(place: Place, home: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    bound = {name: os.environ[name] for name in place.bound if name in os.environ}
    proxy = {} if any(name in place.bound for name in _PROXIES) else {"NO_PROXY": "*", "no_proxy": "*"}
    return {**_SHUT, **proxy, **kept, "HOME": home, "USERPROFILE": home, "TMPDIR": home, **bound}


def probe_json(probe: Probe) -> dict[str, Any]:
    """A probe as JSON values."""
    fields = asdict(probe)
    fields["at"] = probe.at.isoformat()
    for version in fields["versions"]:
        version["created_at"] = version["created_at"].isoformat() if version["created_at"] else None
    return fields


def read(request: dict[str, Any]) -> Probe:
    """The other way round."""
    versions = []
    for version in request["versions"]:
        created = version["created_at"]
        lists = {name: tuple(version[name]) for name in ("names", "moving", "sources")}
        versions.append(
            ProbedVersion(
                **{**version, **lists, "created_at": datetime.fromisoformat(created) if created else None}
            )
        )
    at = datetime.fromisoformat(request["at"])
    return Probe(**{**request, "at": at, "versions": tuple(versions), "notes": tuple(request["notes"])})
