"""A real server on this machine, with one system and tokens for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.governance import tokens
from plumbline.domain.acts import Access
from plumbline.store.workspace import open_workspace
from tests.factory.shop import shop_log
from tests.served.serving import Server, serve

NDJSON = "application/x-ndjson"


@dataclass
class Interface:
    """The server, and what each token's request is answered."""

    server: Server
    secrets: dict[str, str]

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, who: str = "analyst", **headers: str
    ) -> tuple[int, Any]:
        """Status and the JSON of an answer."""
        status, text, _ = self.raw(path, method, body, who, **headers)
        return status, json.loads(text)

    def raw(
        self, path: str, method: str = "GET", body: bytes | None = None, who: str = "analyst", **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        shown = {"Authorization": f"Bearer {self.secrets.get(who, who)}"} if who else {}
        return self.server.ask(f"/api/v1{path}", method, body, **shown, **headers)

    def push(
        self, rows: list[dict[str, Any]] | bytes, kind: str = "decisions", **headers: str
    ) -> tuple[int, Any]:
        """Push rows into the shop as NDJSON, or a body as it is."""
        body = rows if isinstance(rows, bytes) else b"\n".join(json.dumps(row).encode() for row in rows)
        return self.ask(f"/systems/shop/{kind}", "POST", body, **({"Content_Type": NDJSON} | headers))

    def settled(self, receipt: str) -> Any:
        status, answer = self.ask(f"/receipts/{receipt}?wait=true")
        assert status == 200, answer
        return answer


def workspace(folder: Path) -> dict[str, str]:
    """A workspace with the shop's log and an airport's, and a token a role."""
    (folder / "shop.csv").write_bytes(shop_log())
    (folder / "airport.csv").write_bytes(shop_log(rows=300))
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    load_file(ws, folder / "shop.csv", title="Shop", actor="test")
    load_file(ws, folder / "airport.csv", title="Airport", actor="test")
    secrets = {role.value: tokens.add(ws, role.value, role, by="test").secret for role in Access}
    secrets["airport"] = tokens.add(ws, "airport", Access.OWNER, by="test", only=["airport"]).secret
    ws.close()
    return secrets


@pytest.fixture(scope="module")
def interface(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interface]:
    folder = tmp_path_factory.mktemp("web")
    secrets = workspace(folder)
    with serve(
        folder / "workspace.duckdb",
        PLUMBLINE_PUSH_SECONDS="0.2",
        PLUMBLINE_REQUEST_BODY="2MB",
        PLUMBLINE_REQUEST_SECONDS="3",
        PLUMBLINE_REQUEST_RATE="30",
    ) as server:
        yield Interface(server, secrets)
