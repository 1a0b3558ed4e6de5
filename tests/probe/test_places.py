"""What the pages may read, and what of this machine's credentials gets there: nothing that nobody bound."""

from __future__ import annotations

import http.server
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from plumbline.answers.governance import access
from plumbline.answers.governance.places import list_place, places, remove_place
from plumbline.answers.governance.probe import probe
from plumbline.answers.governance.trail import trail
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Access
from plumbline.probe.places import Place, match_place, operator_places, parse_place
from plumbline.store.workspace import Workspace
from tests.factory.workspaces import loaded_workspace
from tests.probe.conftest import Registry

SECRETS = {
    "PGPASSWORD": "hunter2-pg", "MYSQL_PWD": "hunter2-my", "MLFLOW_TRACKING_USERNAME": "hunter2-user",
    "MLFLOW_TRACKING_PASSWORD": "hunter2-word", "MLFLOW_TRACKING_TOKEN": "hunter2-token",
    "AWS_SECRET_ACCESS_KEY": "hunter2-aws", "AWS_ACCESS_KEY_ID": "hunter2-aws", "PGUSER": "hunter2-user",
    "HTTP_PROXY": "http://hunter2:hunter2@127.0.0.1:1",
}  # fmt: skip


@dataclass
class FarEnd:
    """Servers on this machine that ask for a password in clear and write down what arrives."""

    heard: list[str] = field(default_factory=list)
    web: int = 0
    moved: int = 0  # where the web server sends everybody
    postgres: int = 0
    mysql: int = 0

    def addresses(self) -> tuple[str, str, str]:
        return (
            f"http://127.0.0.1:{self.web}", f"postgresql://svc@127.0.0.1:{self.postgres}/x",
            f"mysql://svc@127.0.0.1:{self.mysql}/x",
        )  # fmt: skip


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FarEnd]:
    found = FarEnd()
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    home = tmp_path / "home"
    (home / ".mlflow").mkdir(parents=True)
    (home / ".pgpass").write_text("*:*:*:*:hunter2-file\n")
    (home / ".pgpass").chmod(0o600)
    (home / ".netrc").write_text("machine 127.0.0.1 login a password hunter2-netrc\n")
    (home / ".mlflow" / "credentials").write_text(
        "[mlflow]\nmlflow_tracking_username = hunter2\nmlflow_tracking_password = hunter2\n"
    )
    monkeypatch.setenv("HOME", str(home))

    class Moved(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.heard.append(f"followed {self.path}")

        do_POST = do_GET

        def log_message(self, *_: object) -> None: ...

    class Web(Moved):
        def do_GET(self) -> None:
            found.heard.append(f"web {self.headers.get('Authorization')}")
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{found.moved}/latest/meta-data")
            self.end_headers()

        do_POST = do_GET

    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) for kind in (Web, Moved)]
    found.web, found.moved = (server.server_port for server in servers)
    sockets = []
    for name, speak in (("postgres", _postgres), ("mysql", _mysql)):
        listening = socket.create_server(("127.0.0.1", 0))
        setattr(found, name, listening.getsockname()[1])
        sockets.append(listening)
        threading.Thread(target=_accept, args=(listening, speak, found), daemon=True).start()
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    for server in servers:
        server.shutdown()
        server.server_close()
    for listening in sockets:
        listening.close()


def _accept(listening: socket.socket, speak: object, found: FarEnd) -> None:
    with suppress(OSError):
        while True:
            came, _ = listening.accept()
            with came, suppress(OSError, struct.error):
                came.settimeout(10)
                found.heard.append(f"{speak.__name__} {speak(came)!r}")  # type: ignore[attr-defined, operator]


def _postgres(came: socket.socket) -> bytes:
    size = struct.unpack("!I", came.recv(4))[0]
    body = came.recv(size - 4)
    if body[:4] == struct.pack("!I", 80877103):  # no TLS here
        came.sendall(b"N")
        size = struct.unpack("!I", came.recv(4))[0]
        body = came.recv(size - 4)
    came.sendall(b"R" + struct.pack("!II", 8, 3))
    return body + came.recv(500)


def _mysql(came: socket.socket) -> bytes:
    hello = (
        b"\x0a8.0.0\0" + struct.pack("<I", 1) + b"abcdefgh\0" + struct.pack("<H", 0xF7FF) + b"\x21\x02\0"
        + struct.pack("<H", 0x008F) + b"\x15" + bytes(10) + b"ijklmnopqrst\0mysql_native_password\0"
    )  # fmt: skip
    came.sendall(struct.pack("<I", len(hello))[:3] + b"\0" + hello)
    first = came.recv(2000)
    switch = b"\xfemysql_clear_password\0"
    came.sendall(struct.pack("<I", len(switch))[:3] + b"\x02" + switch)
    return first + came.recv(500)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workspace]:
    ws = loaded_workspace(tmp_path)
    yield ws
    ws.close()


def _asked(ws: Workspace, uri: str) -> str:
    with pytest.raises(PlumblineError) as caught:
        probe(ws, "shop", by="test", mlflow=uri, model="m")
    return str(caught.value)


def test_nothing_arrives_at_a_place_that_is_not_listed_and_every_refusal_is_the_same(
    far: FarEnd, shop: Workspace, tmp_path: Path
) -> None:
    list_place(shop, f"127.0.0.1:{far.moved}", by="test")  # another port of the same machine is another place
    closed = (
        "http://127.0.0.1:1",
        "http://[::1]:1/latest",
        "postgresql://u@127.0.0.1:1/x",
        "mysql://u@[::1]:1/x",
    )
    files = (
        f"sqlite:///{tmp_path / 'shop.csv'}",
        "sqlite:////nowhere/x.db",
        "sqlite:////etc/passwd",
        "databricks://x",
    )
    assert len({_asked(shop, uri) for uri in (*far.addresses(), *closed, *files)}) == 1
    assert far.heard == []


def test_a_listed_place_is_asked_without_any_credential_of_the_machine_and_leads_nowhere_else(
    far: FarEnd, shop: Workspace
) -> None:
    for port in (far.web, far.postgres, far.mysql):
        list_place(shop, f"127.0.0.1:{port}", by="test")
    for uri in far.addresses():
        _asked(shop, uri)
    assert {heard.split()[0] for heard in far.heard} == {"web", "_postgres", "_mysql"}
    assert "hunter2" not in "".join(far.heard)
    assert not [heard for heard in far.heard if heard.startswith("followed")]
    assert "web None" in far.heard


def test_what_the_operator_bound_to_a_place_goes_there_and_only_that(
    far: FarEnd, shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "PLUMBLINE_HOSTS",
        f"127.0.0.1:{far.postgres}=PGPASSWORD, 127.0.0.1:{far.mysql}=MYSQL_PWD, "
        f"127.0.0.1:{far.web}=MLFLOW_TRACKING_TOKEN",
    )
    for uri in far.addresses():
        _asked(shop, uri)
    said = "".join(far.heard)
    assert all(word in said for word in ("hunter2-pg", "hunter2-my", "Bearer hunter2-token"))
    assert "hunter2-word" not in said


def test_a_registry_in_a_listed_folder_is_read_as_the_operator_would_read_it(
    registry: Registry, shop: Workspace
) -> None:
    list_place(shop, str(Path(registry.uri.removeprefix("sqlite:///")).parent), by="test")
    alone = probe(shop, "shop", by="test", mlflow=registry.uri, model="credit")
    own = probe(shop, "shop", by="test", mlflow=registry.uri, model="credit", operator=True)
    assert alone.versions == own.versions
    assert len(alone.versions) == 2
    assert (alone.place, alone.notes) == (own.place, own.notes)


def test_listing_takes_an_owner_and_stands_on_the_trail(shop: Workspace) -> None:
    access.give(shop, "ana@example.org", Access.OWNER, by="test")
    access.give(shop, "bob@example.org", Access.ANALYST, by="test")
    with pytest.raises(PlumblineError, match="Only an owner"):
        list_place(shop.as_person("bob@example.org"), "a.example", by="bob@example.org")
    list_place(shop.as_person("ana@example.org"), "A.example:5000", by="ana@example.org")
    assert [p.text for p in places(shop)] == ["a.example:5000"]
    remove_place(shop.as_person("ana@example.org"), "a.example:5000", by="ana@example.org")
    assert [e.action for e in trail(shop).entries][:2] == ["place left out", "place listed"]
    for text, said in (
        ("169.254.169.254", "link-local"),
        ("", "no place"),
        ("a b", "no place"),
        ("x:99999", "no place"),
    ):
        with pytest.raises(PlumblineError, match=said):
            list_place(shop, text, by="test")


def test_a_place_covers_its_own_port_and_its_own_folder(tmp_path: Path) -> None:
    listing = [
        parse_place(text) for text in ("db.example", "https://ml.example", "[::1]:5000", str(tmp_path))
    ]
    (tmp_path / "out").symlink_to("/etc")
    for uri in ("postgresql://u:p@DB.example/x", "mysql://db.example/x", "https://ml.example/a", "http://[::1]:5000",
                f"sqlite:///{tmp_path}/x.db"):  # fmt: skip
        assert match_place(listing, uri=uri)
    strange = ("http://db.example:81", "http://ml.example", "http://[::1]", "http://ml.example.evil",
               "http://evil@ml.example:1", "http://169.254.169.254/latest", "postgresql://u@10.0.0.1/x", "x",
               "")  # fmt: skip
    for uri in (*strange, f"sqlite:///{tmp_path}/../x.db", f"sqlite:///{tmp_path}/out/passwd"):
        with pytest.raises(PlumblineError, match="not listed"):
            match_place(listing, uri=uri)


def test_the_operators_variable_is_read_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert operator_places({"PLUMBLINE_HOSTS": " a.example:1=X+Y_2 ,, /srv "}) == (
        Place("a.example", 1, bound=("X", "Y_2")), Place(folder="/srv"),
    )  # fmt: skip
    with pytest.raises(PlumblineError, match="no name of a variable"):
        operator_places({"PLUMBLINE_HOSTS": "a.example=pass word"})
