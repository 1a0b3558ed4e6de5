"""A logged decision by what its columns are."""

from __future__ import annotations

from datetime import UTC, datetime

from plumbline.domain.decisions import Decision, bare_name, columns_of_role, role_of

AT = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = {
    "_load_id": 3, "_line": 1204, "timestamp": AT, "decision_id": None, "prediction": "yes", "score": 1, "label": "no",
    "label_time": None, "version": None, "arm": "", "override": None, "feature:age": 41.0, "feature:a:b": None,
    "protected:sex": "f", "proba:yes": 0.7, "attribution:age": 1, "attribution:a:b": None, "segment:region": "north",
}  # fmt: skip


def test_a_decision_names_itself_by_its_id_or_by_its_place() -> None:
    assert Decision(COLUMNS).id == "#3:1204"
    assert Decision(COLUMNS | {"decision_id": ""}).id == "#3:1204"
    assert Decision(COLUMNS | {"decision_id": float("nan")}).id == "#3:1204"  # as a frame has what is missing
    assert Decision(COLUMNS | {"decision_id": "d-1"}).id == "d-1"


def test_columns_of_a_role_lose_it_and_keep_the_rest_of_their_name() -> None:
    decision = Decision(COLUMNS)
    assert decision.features == {"age": 41.0, "a:b": None}
    assert decision.attributions == {"age": 1.0}
    assert (decision.protected, decision.segments) == ({"sex": "f"}, {"region": "north"})
    assert decision.probabilities == {"yes": 0.7}
    assert columns_of_role([*COLUMNS, "features", "feature"], "feature") == ["feature:age", "feature:a:b"]
    assert [bare_name("feature:a:b"), bare_name("score")] == ["a:b", ""]
    assert [role_of("feature:a:b"), role_of("score")] == ["feature", "score"]


def test_what_is_missing_is_empty_or_none() -> None:
    decision = Decision(COLUMNS)
    assert (decision.version, decision.arm, decision.override, decision.label_time) == ("", "", None, None)
    assert (decision.time, decision.score, decision.label) == (AT, 1.0, "no")
    assert Decision(COLUMNS | {"score": None}).score is None
