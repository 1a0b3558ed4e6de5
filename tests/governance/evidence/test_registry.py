"""What probes and registered files say about the versions of a log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from plumbline.answers.governance import probe as probing
from plumbline.answers.governance.facts import measure
from plumbline.domain import PlumblineError, Probe, ProbedVersion, Status
from plumbline.governance import canonical_json
from plumbline.governance.evidence.registry import registry_facts
from plumbline.store import probes as kept
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from tests.governance.cases import CREDIT, NOW, control, days_ago, healthy_facts, judge

FULL = ProbedVersion(
    version="1",
    names=("1", "v1", "2026.1"),
    created_at=NOW,
    created_by="ana",
    code="c0ffee",
    data="d1",
    parameters=3,
    sources=("a",),
)
ALIAS = ProbedVersion(version="2", names=("2",), moving=("champion",), created_at=NOW, created_by="ana")


def probe(*versions: ProbedVersion, at: Any = NOW) -> Probe:
    return Probe(
        kind="mlflow", place="https://registry", subject="credit", at=at, by="test", versions=versions
    )


@pytest.mark.parametrize(
    ("seen", "files", "versions", "expected"),
    [
        ({"2026.1"}, set(), (FULL,), (1, True, 1, 1, ())),
        ({"2026.1", "9"}, set(), (FULL,), (1, True, 1, 1, ("9",))),
        ({"2026.1", "9"}, {"9"}, (FULL,), (2, True, 1, 1, ())),
        ({"champion"}, set(), (ALIAS,), (1, False, 0, 0, ())),  # an alias can be pointed elsewhere tomorrow
        ({"2"}, set(), (replace(ALIAS, created_by=""),), (1, False, 0, 0, ())),
        ({"7"}, set(), (), (0, None, 0, 0, ("7",))),
    ],
)
def test_versions_of_the_log_are_looked_up(seen: Any, files: Any, versions: Any, expected: Any) -> None:
    found = registry_facts(seen, files, [probe(*versions)])
    keys = (
        "registered_versions",
        "registry_complete",
        "reproducible_versions",
        "lineage_versions",
        "versions_missing",
    )
    assert tuple(found[key] for key in keys) == expected


def test_without_a_probe_nothing_is_known_of_training_and_without_files_nothing_at_all() -> None:
    assert registry_facts({"1"}, set(), []) == {}
    assert set(registry_facts({"1"}, {"1"}, [])) == {
        "registered_versions",
        "registry_complete",
        "versions_missing",
    }


def test_the_oldest_of_the_looks_that_count_dates_them_all() -> None:
    other = Probe(
        kind="dvc",
        place="/repo",
        subject="repo",
        at=days_ago(50),
        by="test",
        versions=(ProbedVersion(version="x", names=("x",)),),
    )
    unused = Probe(kind="dvc", place="/other", subject="other", at=days_ago(900), by="test", versions=())
    found = registry_facts({"2026.1", "x"}, set(), [probe(FULL), other, unused])
    assert found["probed_at"] == days_ago(50)
    assert found["probed_where"] == "MLflow credit at https://registry; DVC repo at /repo"


def test_a_look_longer_than_90_days_ago_is_partial_and_says_so() -> None:
    card = judge(healthy_facts(probed_at=days_ago(91)), CREDIT)
    for name in ("REL-2", "REL-7", "AUD-5"):
        assert control(card, name).status is Status.PARTIAL
        assert "That was 91 days ago: look again." in control(card, name).evidence.sentence
    missing = control(
        judge(healthy_facts(registered_versions=1, versions_missing=("a", "b", "c", "d")), CREDIT), "REL-2"
    )
    assert missing.status is Status.FAIL
    assert (
        "1 of 4 versions in the log is registered; missing: a, b, c and others" in missing.evidence.sentence
    )


def test_a_probe_is_kept_with_its_date_and_read_into_the_facts(shop: Workspace) -> None:
    def facts() -> Any:
        with shop.read() as cursor:
            system = systems.get_system(cursor, "shop")
        return measure(shop, system, NOW).facts

    assert facts().registered_versions is None
    with shop.write() as cursor:
        old = probe(at=NOW - timedelta(days=3))
        kept.add(cursor, "shop", old, canonical_json.write(old))
        new = probe(FULL)
        kept.add(cursor, "shop", new, canonical_json.write(new))
    assert probing.probes(shop, "shop") == (new,)
    found = facts()
    assert found.registered_versions is not None
    assert found.probed_at == NOW
    probing.forget(shop, "shop", new, by="test")
    assert facts().probed_at is None


def test_a_probe_reads_one_place(shop: Workspace) -> None:
    for places in ({}, {"mlflow": "http://x", "dvc": "/x"}):
        with pytest.raises(PlumblineError, match="reads one place"):
            probing.probe(shop, "shop", by="test", **places)
    with pytest.raises(PlumblineError, match="needs a name"):
        probing.probe(shop, "shop", by=" ", dvc="/x")
    with pytest.raises(PlumblineError, match="There is no system"):
        probing.probe(shop, "nobody", by="test", dvc="/x")
