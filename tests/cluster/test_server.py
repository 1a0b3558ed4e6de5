"""A run of these tests in which nothing could run is not green."""

from __future__ import annotations

import pytest

from tests.cluster import server


def test_missing_spark_fails_where_it_is_needed_and_skips_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "is_possible", lambda: False)
    monkeypatch.setenv("SPARK_NEEDED", "1")
    with pytest.raises(pytest.fail.Exception, match="Java or Spark is missing"):
        server.need_spark()
    monkeypatch.delenv("SPARK_NEEDED")
    with pytest.raises(pytest.skip.Exception):
        server.need_spark()
