"""Counting a load again beside its stored counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from plumbline.profile import build
from plumbline.profile.recount import differences
from plumbline.store.backup.state_digest import PROFILES
from plumbline.store.sql import decision_table
from tests.factory.decision_tables import binary_log, insert, make_system, workspace


def test_only_tables_whose_whole_numbers_differ_are_named(tmp_path: Path) -> None:
    with workspace(tmp_path).write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, binary_log(np.random.default_rng(1), 200), 1)
        build.on_load(cursor, system, 1)
        assert differences(cursor, system, 1) == []
        for table in PROFILES:
            cursor.execute(f"DROP TABLE before_{table}")
        cursor.execute("UPDATE profile_delay SET n = n + 1")
        cursor.execute("UPDATE profile_outcome SET sum_brier = sum_brier + 1")  # no whole number
        assert differences(cursor, system, 1) == ["profile_delay"]
        for table in PROFILES:
            cursor.execute(f"DROP TABLE before_{table}")
        where = f"SELECT min(_line) FROM {decision_table(system.key)} WHERE label IS NOT NULL"
        cursor.execute(f"UPDATE {decision_table(system.key)} SET label = NULL WHERE _line = ({where})")
        found = differences(cursor, system, 1)
        assert {"profile_outcome", "profile_confusion", "profile_hour"} <= set(found)
