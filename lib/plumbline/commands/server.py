"""Starting the app: Streamlit on its own settings, whatever the folder and the user's own settings say."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from plumbline.commands.command import COMMANDS, refuse_beside_server
from plumbline.commands.logs import load_demo_logs
from plumbline.console import workspace as open_for
from plumbline.domain import PlumblineError
from plumbline.sandbox.limits import SERVER_SPACE, refuse_small_address_space

#: what holds against a user's own Streamlit settings as well; the rest is in ``.streamlit/config.toml``
PINNED = {
    "server.enableCORS": "true",
    "server.enableXsrfProtection": "true",
    "server.enableStaticServing": "false",
    "server.enableAgentApi": "false",
    "server.showEmailPrompt": "false",
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "global.developmentMode": "false",
}
#: sections of a user's own settings that are worth a line: the others change how it looks
_WATCHED = ("server", "browser", "client", "global", "runner", "secrets")


@click.command("serve")
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=8501,
    show_default=True,
    metavar="PORT",
    help="The port to listen on.",
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="The address to listen on."
)
@click.option(
    "--allow-host",
    "names",
    multiple=True,
    metavar="NAME",
    help="A public name it is reached by; may be repeated.",
)
@click.option("--open/--no-open", "shown", default=False, help="Open a browser.")
@click.option("--demo", is_flag=True, help="Load the demo first.")
@click.option("--workspace", metavar="PATH", help="Default: PLUMBLINE_WORKSPACE, or the data folder's.")
def serve(
    port: int, host: str, names: tuple[str, ...], shown: bool, demo: bool, workspace: str | None
) -> int | None:
    """Start the app on this machine, and print its address."""
    from plumbline.store.locations import app_folder, secrets_file
    from plumbline.store.workspace import workspace_path

    refuse_small_address_space(SERVER_SPACE)
    app, path = app_folder(), workspace_path(workspace).absolute()
    if not (app / "app.py").is_file():
        raise PlumblineError(
            "The pages are not in this installation", todo="Install Plumbline's wheel again."
        )
    refuse_beside_server(path, "a workspace has one server")
    _refuse_taken_port(host, port)
    with open_for(str(path)):
        pass  # what stands in its way is said here, in one sentence, and not on every page
    if demo:
        load_demo_logs(str(path))
    secrets = Path(os.environ.get("PLUMBLINE_SECRETS") or secrets_file()).absolute()
    _print_address(host, port, path, secrets)
    app_settings = _settings(app / ".streamlit" / "config.toml")
    _say_foreign(set(app_settings) | set(PINNED))
    allowed = [*app_settings.get("server.allowedHosts", ()), *names]
    flags = {
        **PINNED,
        "server.address": host,
        "server.port": str(port),
        "server.headless": "false" if shown else "true",
        "secrets.files": str(secrets),
    }
    # -P: the folder it runs in is no place to import from
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(app / "app.py")]
    command += [part for name, value in flags.items() for part in (f"--{name}", value)]
    command += [part for name in allowed for part in ("--server.allowedHosts", name)]
    return start(command, app, os.environ | {"PLUMBLINE_WORKSPACE": str(path)})


COMMANDS.append(serve)


def start(command: list[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Become the server, so that whoever stops this process stops it; a child where a system has no such thing."""
    sys.stdout.flush()
    if os.name == "posix":
        os.chdir(folder)
        os.execve(command[0], command, dict(environment))  # noqa: S606 - a fixed program and our own arguments
    try:
        process = subprocess.run(command, cwd=folder, env=dict(environment), check=False)  # noqa: S603 - the same
    except KeyboardInterrupt:
        return 0
    return process.returncode


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens there."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_taken_port(host: str, port: int) -> None:
    """Refuse a port that is taken and an address that is not this machine's."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror as error:
        raise PlumblineError(
            "There is no such address", where=host, todo="Give another with --host."
        ) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PlumblineError(f"Port {port} is taken", todo="Choose another with --port.") from error
        raise PlumblineError(
            f"The app cannot listen on {host}, port {port}: {error.strerror}",
            todo="Choose others with --host and --port.",
        ) from error


def _print_address(host: str, port: int, path: Path, secrets: Path) -> None:
    name = f"[{host}]" if ":" in host else host
    click.echo(f"Plumbline: http://{name}:{port} (workspace {path}). Stop with Ctrl-C.")
    if not is_loopback(host):
        click.echo(
            f"A network reaches {host}: docs/sign-in.md says how people sign in"
            + (f" (settings in {secrets})." if _has_sign_in(secrets) else ".")
        )
        if not _has_sign_in(secrets):
            click.echo(
                "plumbline: warning: sign-in is off: whoever reaches this address sees and changes everything. "
                f"Its settings belong in {secrets}.",
                err=True,
            )


def _has_sign_in(secrets: Path) -> bool:
    try:
        return "auth" in tomllib.loads(secrets.read_text("utf-8"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        raise PlumblineError(
            "The file of secrets cannot be read", where=str(secrets), todo="Mend it."
        ) from error


def _settings(path: Path) -> dict[str, Any]:
    """Streamlit's settings in a file, by their full names."""

    def flatten(part: Mapping[str, Any], before: str) -> Iterator[tuple[str, Any]]:
        for key, value in part.items():
            if isinstance(value, Mapping):
                yield from flatten(value, f"{before}{key}.")
            else:
                yield f"{before}{key}", value

    try:
        return dict(flatten(tomllib.loads(path.read_text("utf-8")), ""))
    except (OSError, ValueError):
        return {}


def _say_foreign(settings: set[str]) -> None:
    """Streamlit reads a user's own settings too: what they decide here is not left unsaid."""
    theirs = Path.home() / ".streamlit" / "config.toml"
    foreign = sorted(
        name for name in _settings(theirs) if name not in settings and name.split(".")[0] in _WATCHED
    )
    if foreign:
        click.echo(f"plumbline: {theirs} also sets {', '.join(foreign)}, and this app follows it.", err=True)
