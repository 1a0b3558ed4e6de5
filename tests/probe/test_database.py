"""A registry read from its own database on a real server: nothing is written there, no password is left here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.governance.probe import probe, probes
from plumbline.answers.governance.trail import trail
from plumbline.domain import PlumblineError
from plumbline.probe.registry import probe_mlflow
from plumbline.store.workspace import open_workspace
from tests.factory.shop import shop_log
from tests.probe.conftest import QUIET, Registry, fill
from tests.probe.test_registry import check
from tests.sources.conftest import PASSWORD, Database, mariadb, postgres

__all__ = ["mariadb", "postgres"]  # the servers, as fixtures


@pytest.fixture(scope="module")
def kept(postgres: Database) -> Iterator[Registry]:
    """A registry in PostgreSQL, as its owner wrote it."""
    patch = pytest.MonkeyPatch()
    for name, value in QUIET.items():
        patch.setenv(name, value)
    postgres.say("CREATE DATABASE registry")
    postgres.say("CREATE DATABASE cats")
    address = postgres.url.replace("/postgres", "/registry")
    address = address.replace("owner@", f"owner:{PASSWORD}@")
    yield Registry(address, fill(address.replace("postgresql:", "postgresql+psycopg:")).run)
    patch.undo()


def test_a_registry_in_postgresql_is_read_and_its_password_is_nowhere(kept: Registry, tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_bytes(shop_log())
    path = tmp_path / "workspace.duckdb"
    ws = open_workspace(path, read_from=[tmp_path])
    load_file(ws, tmp_path / "shop.csv", title="Shop", actor="test")
    found = probe(ws, "shop", by="test", mlflow=kept.uri, model="credit", operator=True)
    check(found, kept)
    assert found.place == kept.uri.replace(f"owner:{PASSWORD}@", "")
    assert trail(ws).entries[0].detail["place"] == found.place
    assert PASSWORD not in json.dumps([entry.detail for entry in trail(ws).entries]) + repr(
        probes(ws, "shop")
    )
    ws.close()
    assert PASSWORD.encode() not in path.read_bytes()


def test_a_database_without_a_registry_is_left_as_it_is(kept: Registry, postgres: Database) -> None:
    for database, said in (("cats", "holds no MLflow registry"), ("dogs", "no such database")):
        with pytest.raises(PlumblineError, match=said):
            probe_mlflow(kept.uri.replace("/registry", f"/{database}"), "credit", by="test")
    assert postgres.say("SELECT count(*) FROM pg_stat_activity WHERE datname = 'cats'") == "0"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((PASSWORD, "wrong-one"), "refuses the user or the password"),
        (("/registry", "/registry?passfile=/etc/shadow"), "asks the driver for 'passfile'"),
        (("127.0.0.1", "127.0.0.1.invalid"), "cannot be reached"),
    ],
)
def test_an_address_that_does_not_fit_is_one_sentence_without_the_password(
    kept: Registry, change: tuple[str, str], said: str
) -> None:
    with pytest.raises(PlumblineError, match=said) as error:
        probe_mlflow(kept.uri.replace(*change), "credit", by="test")
    assert PASSWORD not in str(error.value)
    assert "wrong-one" not in str(error.value)
    assert "\n" not in str(error.value)


def test_every_connection_can_only_read(kept: Registry) -> None:
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import InternalError

    from plumbline.probe.database import server

    with (
        create_engine(server(kept.uri, "x")).connect() as held,
        pytest.raises(InternalError, match="read-only"),
    ):
        held.execute(text("CREATE TABLE mice (n int)"))


def test_mysql_is_asked_in_its_own_words(mariadb: Database) -> None:
    """Not a registry of MLflow's: whether it is there, who may read, and that nothing can be written."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import OperationalError

    from plumbline.probe.database import server

    given = mariadb.url.replace("reader@", f"reader:{PASSWORD}@")
    with pytest.raises(PlumblineError, match="holds no MLflow registry"):
        probe_mlflow(given, "credit", by="test")
    with pytest.raises(PlumblineError, match="refuses the user or the password"):
        probe_mlflow(given.replace(PASSWORD, "wrong-one"), "credit", by="test")
    mariadb.say("CREATE TABLE risk.registered_models (n int); GRANT ALL ON risk.* TO reader@'127.0.0.1'")
    with (
        create_engine(server(given, "x")).connect() as held,
        pytest.raises(OperationalError, match="READ ONLY"),
    ):
        held.execute(text("INSERT INTO registered_models VALUES (1)"))
