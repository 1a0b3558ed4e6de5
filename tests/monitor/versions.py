"""Hours of versions straight from rows, with pandas: independent of the SQL that builds them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from plumbline.domain import VersionHours


def version_hours(
    times: Sequence[object] | pd.Series | pd.DatetimeIndex,
    versions: Sequence[str] | pd.Series,
    *,
    arms: Sequence[str] | None = None,
    trained: object = None,
    positive: Sequence[bool] | np.ndarray | pd.Series | None = None,
    right: Sequence[float] | np.ndarray | pd.Series | None = None,
) -> VersionHours:
    """``right``: 1 where the decision was right, 0 where wrong, NaN where not labelled."""
    n = len(versions)
    frame = pd.DataFrame(
        {
            "at": pd.to_datetime(np.asarray(times)),
            "version": np.asarray(versions, dtype=object),
            "arm": np.asarray(arms if arms is not None else [""] * n, dtype=object),
            "trained": pd.to_datetime(pd.Series(trained, index=range(n))).to_numpy("datetime64[us]"),
            "positive": np.asarray(positive if positive is not None else np.zeros(n), dtype=float),
            "right": np.asarray(right if right is not None else np.full(n, np.nan), dtype=float),
        }
    )
    frame["hour"] = frame["at"].dt.floor("h")
    rows = (
        frame.groupby(["hour", "version", "arm"], sort=True)
        .agg(
            first=("at", "min"), last=("at", "max"), trained=("trained", "max"), n=("at", "size"),
            positives=("positive", "sum"), labelled=("right", "count"), right=("right", "sum"),
        )
        .reset_index()
    )  # fmt: skip
    return VersionHours(
        hours=rows["hour"].to_numpy("datetime64[us]"),
        versions=tuple(rows["version"]),
        arms=tuple(rows["arm"]),
        first=rows["first"].to_numpy("datetime64[us]"),
        last=rows["last"].to_numpy("datetime64[us]"),
        trained=rows["trained"].to_numpy("datetime64[us]"),
        n=rows["n"].to_numpy(np.int64),
        positives=rows["positives"].to_numpy(float),
        n_labelled=rows["labelled"].to_numpy(np.int64),
        correct=rows["right"].to_numpy(np.int64),
    )


def every(minutes: int, start: str, end: str) -> pd.DatetimeIndex:
    """Times from ``start`` until before ``end``."""
    return pd.date_range(start, end, freq=f"{minutes}min", inclusive="left")
