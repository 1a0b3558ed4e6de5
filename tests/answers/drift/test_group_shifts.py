"""One group's shift in a loaded log: found in its rows whatever the columns are called, and told without the value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from plumbline.answers.alerts.check import check
from plumbline.answers.data.load import load_file, set_reference
from plumbline.answers.respond.messages import public_sentence
from plumbline.profile.scan.grouped_inputs import sample_grouped_rows
from plumbline.store import systems
from plumbline.store.workspace import Workspace, open_workspace

START = pd.Timestamp("2026-01-05", tz="UTC")
DAYS, A_DAY, CHANGED = 105, 60, 84
ODD = """b' OR "1"='1"""


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Fifteen weeks in which one of three groups, with a name that no SQL should meet, moves in the last three."""
    folder = tmp_path_factory.mktemp("groups")
    rng = np.random.default_rng(4)
    n = DAYS * A_DAY
    day = np.repeat(np.arange(DAYS), A_DAY)
    group = rng.choice(["a", ODD, "c"], n, p=[0.5, 0.18, 0.32])
    x = rng.normal(0, 1, n) + 0.9 * ((group == ODD) & (day >= CHANGED))
    frame = pd.DataFrame({
        "at": (START + pd.to_timedelta(np.arange(n) * 1440 / A_DAY, unit="min")).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "id": [f"d{i}" for i in range(n)], "x": x, 'y"); DROP': rng.normal(0, 1, n), "where it's from": group,
        "said": np.where(rng.random(n) < 0.4, "yes", "no"),
    })  # fmt: skip
    path = folder / "log.csv"
    frame.to_csv(path, index=False)
    maps = [
        ("at", "timestamp"), ("id", "decision_id"), ("x", "feature:x"), ('y"); DROP', "feature:y"),
        ("where it's from", "segment:origin"), ("said", "prediction"),
    ]  # fmt: skip
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    load_file(ws, path, title="s", maps=maps, positive="yes", task="binary", actor="test")
    set_reference(
        ws, "s", START.to_pydatetime(), (START + pd.Timedelta(days=56)).to_pydatetime(), actor="test"
    )
    return ws


def test_the_group_is_named_on_the_screen_and_not_in_a_message(ws: Workspace) -> None:
    found = [f for f in check(ws, "s", actor="test") if f.signal.startswith(("group.", "drift."))]
    (one,) = found
    assert one.signal == "group.x"
    assert f"x drifted where origin is {ODD}, and not elsewhere" in one.sentence
    assert one.since is not None
    assert abs(one.since - (START + pd.Timedelta(days=CHANGED))) <= pd.Timedelta(days=2)
    assert one.known_at is not None
    assert one.known_at - (START + pd.Timedelta(days=CHANGED)) <= pd.Timedelta(days=14)
    told = public_sentence(one)
    assert ODD not in told
    assert "x drifted in one group by origin, and not elsewhere" in told


def test_rows_come_with_their_groups_and_a_sample_is_bounded(ws: Workspace) -> None:
    with ws.read() as cursor:
        system = systems.get_system(cursor, "s")
        whole = sample_grouped_rows(cursor, system, ["x", "y", "nothing"])
        part = sample_grouped_rows(cursor, system, ["x"], rows=1000)
        assert sample_grouped_rows(cursor, system, ["nothing"]) is None
    assert whole is not None
    assert part is not None
    assert whole.names == ("x", "y")
    assert (whole.columns, whole.groups) == (("origin",), (("a", "c", ODD),))
    assert np.bincount(whole.codes[:, 0]).tolist() == sorted(np.bincount(whole.codes[:, 0]), reverse=True)
    assert len(whole.day) == DAYS * A_DAY
    assert 800 < len(part.day) < 1200
    late = (whole.codes[:, 0] == 2) & (whole.day >= np.datetime64("2026-03-30"))
    assert whole.values[late, 0].mean() == pytest.approx(0.9, abs=0.15)
