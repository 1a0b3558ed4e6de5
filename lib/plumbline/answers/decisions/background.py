"""The decisions that a version's contributions are measured against: fixed when its model file is registered."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plumbline.domain import Slice, System
from plumbline.domain.decisions import bare_name, columns_of_role
from plumbline.domain.messages import Message, message
from plumbline.profile.scan import decisions
from plumbline.store.models import model_backgrounds
from plumbline.store.models.model_backgrounds import Background
from plumbline.store.workspace import Cursor
from plumbline.wording.quantities import count

if TYPE_CHECKING:
    import pandas as pd

#: decisions that contributions are measured against, where a model file holds no training counts
SIZE = 100


@dataclass(frozen=True, slots=True)
class BackgroundRows:
    """Rows (a column a feature, by load and line), and in words which they are."""

    rows: pd.DataFrame
    words: Message


def background(cursor: Cursor, system: System, version: str) -> BackgroundRows:
    """The fixed decisions of a version, those that the log still holds; drawn now where none were fixed."""
    background = model_backgrounds.fixed_background(cursor, system.key, version)
    frame = (
        _background_sample(cursor, system, version)
        if background is None
        else decisions.read_places(cursor, system, background.places)
    )
    n = count(len(frame))
    if background is None:
        words = message("{n} decisions of the reference, drawn from what the log holds now", n=n)
    elif digest(frame) == background.sha256:
        words = message(
            "{n} decisions of the reference, fixed for this version, sha256 {sha}",
            n=n,
            sha=background.sha256[:12],
        )
    else:
        words = message(
            "those {n} of {fixed} fixed decisions that the log still holds",
            n=n,
            fixed=count(len(background.places)),
        )
    return BackgroundRows(_inputs(frame), words)


def fix_background(cursor: Cursor, system: System, version: str) -> str:
    """Fix a version's background unless a whole one is fixed already; returns the SHA-256 of its inputs."""
    background = model_backgrounds.fixed_background(cursor, system.key, version)
    whole = background is not None and len(background.places) == SIZE
    if (
        background is not None
        and whole
        and digest(decisions.read_places(cursor, system, background.places)) == background.sha256
    ):
        return background.sha256
    frame = _background_sample(cursor, system, version).sort_values(["_load_id", "_line"])
    places = tuple((int(a), int(b)) for a, b in zip(frame["_load_id"], frame["_line"], strict=True))
    fingerprint = digest(frame)
    model_backgrounds.fix(cursor, system.key, version, Background(places, fingerprint))
    return fingerprint


def digest(frame: pd.DataFrame) -> str:
    """SHA-256 of the decisions' places and inputs, by load and line; columns without a value do not count."""
    rows = []
    for row in frame.sort_values(["_load_id", "_line"]).to_dict("records"):
        columns = columns_of_role(row, "feature")
        inputs = {c: row[c] for c in columns if row[c] is not None and row[c] == row[c]}
        rows.append([int(row["_load_id"]), int(row["_line"]), inputs])
    return hashlib.sha256(json.dumps(rows, sort_keys=True, default=str).encode()).hexdigest()


def _background_sample(cursor: Cursor, system: System, version: str) -> pd.DataFrame:
    """Of the reference where the version decided there; the same as long as no decisions of it come or go."""
    start, end = system.reference or (None, None)
    frame = decisions.sample(cursor, system, Slice(start, end, version or None), SIZE, 0)
    if len(frame) < SIZE // 2:
        frame = decisions.sample(cursor, system, Slice(version=version or None), SIZE, 0)
    return frame


def _inputs(frame: pd.DataFrame) -> pd.DataFrame:
    ordered = frame.sort_values(["_load_id", "_line"])
    columns = columns_of_role(ordered.columns, "feature")
    return ordered[columns].rename(columns=bare_name)
