"""The span of a log by its counts, where its decisions lie elsewhere, is that by its rows, in any zone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plumbline.logs.cluster import attachments
from plumbline.logs.cluster.attachments import Attachment
from plumbline.profile import build
from plumbline.profile.scan import exact
from tests.factory.decision_tables import binary_log, insert, make_system, workspace

PLACE = Attachment(system="s", location="spark:sc://h:1", item="a.b", since="at", share=0.1, size=1000)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_counts_and_rows_have_one_span(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    with workspace(tmp_path).write() as cursor:
        system = replace(make_system(cursor, classes=("no", "yes")), timezone=zone)
        insert(cursor, system, binary_log(np.random.default_rng(2), 300), 1)
        build.build(cursor, system, 1)
        here = exact.span(cursor, system)
        monkeypatch.setattr(attachments, "find", lambda *given: PLACE)
        assert exact.span(cursor, system) == here is not None
