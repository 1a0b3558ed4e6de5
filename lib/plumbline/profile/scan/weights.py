"""Logs that are a sample: rows that stand for different numbers of decisions.

A share of all decisions is then a weighted one. The stored counts carry no weights, so such a figure is unknown, and
says why, instead of being that of the sample.
"""

from __future__ import annotations

from dataclasses import replace

import duckdb
import numpy as np

from plumbline.domain import OutcomeProfile, PlumblineError, System
from plumbline.domain.messages import NOTHING, Message, Number, message
from plumbline.logs.cluster import attachments
from plumbline.store.sql import decision_table, ident
from plumbline.store.systems import decision_columns

#: what a profile tells of outcomes
_OUTCOMES = ("n_labelled", "confusion", "score_cells", "score_unlabelled", "sum_log_loss", "sum_brier", "n_scored",
             "moments", "error_cells")  # fmt: skip


def weights_note(cursor: duckdb.DuckDBPyConnection, system: System) -> Message:
    """Why shares of the decisions are unknown: the log holds weights that differ; empty where it holds none."""
    for column in decision_columns(cursor, system.key):
        if column.role.role == "weight":
            cell = ident(column.name)
            row = cursor.execute(
                f"SELECT min({cell}), max({cell}) FROM {decision_table(system.key)}"
            ).fetchone()
            weights = [weight for weight in row or () if weight is not None]
            for window in attachments.windows(cursor, system.key):  # a sample misses the rare ones
                weights += window.weights or ()
            if weights and min(weights) != max(weights):
                return message(
                    "The log is a sample: its rows stand for {low} to {high} decisions each ({column}). Shares of all "
                    "decisions need these weights, which are not reckoned with, so they are unknown: load the whole "
                    "log to see them.",
                    low=Number(f"{min(weights):g}"),
                    high=Number(f"{max(weights):g}"),
                    column=column.source,
                )
    return NOTHING


def sample_reason(cursor: duckdb.DuckDBPyConnection, system: System) -> Message:
    """Why what needs every single row is unknown: only a sample of the rows is here; empty where all of them are."""
    if attachments.find(cursor, system.key) is None:
        return NOTHING
    return message(
        "The decisions of this system lie in a cluster, and only a sample of their rows is here: what needs every row "
        "is unknown."
    )


def refuse_sample(cursor: duckdb.DuckDBPyConnection, system: System) -> None:
    """Refuse what is measured from every row where only a sample of them is here.

    Raises:
        PlumblineError: only a sample is here.
    """
    if reason := sample_reason(cursor, system):
        raise PlumblineError(reason, todo="Ask for the figures from counts: leave --exact out.")


def clear_outcomes(profile: OutcomeProfile) -> OutcomeProfile:
    """The same decisions, with nothing of what was predicted or came true: what is made of it is unknown."""
    none = {name: np.zeros_like(getattr(profile, name)) for name in _OUTCOMES}
    return replace(profile, numbered=None, **none)
