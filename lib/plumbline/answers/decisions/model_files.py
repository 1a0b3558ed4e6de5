"""Registering the model file of a version: kept by its hash, and held against the scores in the log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from plumbline.answers.decisions import explain
from plumbline.answers.decisions.background import fix_background
from plumbline.answers.decisions.samples import draw
from plumbline.domain import PlumblineError, Slice, Task
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.explain.column_match import propose_feature_map
from plumbline.explain.readers.formats import RESAVE, detect_format, pickle_kind
from plumbline.explain.registered_model import RegisteredModel, check_model
from plumbline.profile.read import profiles
from plumbline.profile.scan import decisions
from plumbline.store import systems, trail
from plumbline.store.cache.fingerprint import fingerprint
from plumbline.store.cache.samples import keep_check
from plumbline.store.models import model_files
from plumbline.store.models.model_files import ModelFile
from plumbline.store.workspace import Workspace

MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRegistration:
    """A model file as it was registered; ``share`` of ``n`` logged scores that it reproduces."""

    system: str
    version: str
    sha256: str
    format: str
    share: float
    n: int
    passed: bool
    feature_map: dict[str, str]
    sentence: str


def list_model_files(ws: Workspace, key: str) -> tuple[ModelFile, ...]:
    """The files of a system, by version."""
    with ws.read() as cursor:
        return tuple(model_files.model_files(cursor, key))


def versions(ws: Workspace, key: str) -> tuple[str, ...]:
    """The versions that the log names, the one with most decisions first."""
    with ws.read() as cursor:
        profile = profiles.completeness(cursor, systems.get_system(cursor, key), Slice())
    sizes: dict[str, int] = {}
    for name, n in zip(profile.versions, profile.n, strict=True):
        if name:
            sizes[name] = sizes.get(name, 0) + int(n)
    return tuple(sorted(sizes, key=lambda v: (-sizes[v], v)))


def read_names(pairs: Iterable[str]) -> dict[str, str]:
    """MODEL=COLUMN pairs as a map; empty ones are left out.

    Raises:
        PlumblineError: a pair has no equals sign.
    """
    names = {}
    for pair in pairs:
        ours, name_in_log, theirs = pair.strip().partition("=")
        if ours and not name_in_log:
            raise PlumblineError(
                message("{pair} is not MODEL=COLUMN", pair=repr(pair.strip())), todo="E.g. age=Alter."
            )
        if ours:
            names[ours.strip()] = theirs.strip()
    return names


def register(
    ws: Workspace, key: str, version: str, file: Path, *, names: Mapping[str, str] | None = None, actor: str
) -> ModelRegistration:
    """Register a model file for a version of a system.

    Where names differ and none are given, a map is looked for under which the file reproduces the logged
    scores. A file that does not reproduce them is kept, but explains nothing.

    Raises:
        PlumblineError: no file, too large, a format that is refused, or a version that never decided.
    """
    if not file.is_file():
        raise PlumblineError("There is no such file", where=str(file), todo="Check the path.")
    if file.stat().st_size > MOST_BYTES:
        raise PlumblineError(
            "The model file is larger than 64 MB", where=file.name, todo="Register a smaller one."
        )
    body = file.read_bytes()
    _refuse_pickles(ws, key, version, body, actor)
    kind = detect_format(body)
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        frame = (
            draw(ws, cursor, system, version, explain.CHECKED)
            if version
            else decisions.sample(cursor, system, Slice(version=""), explain.CHECKED, 0)
        )
    if frame.empty:
        raise PlumblineError(
            message("Version {version} has no decisions in {key}", version=repr(version), key=key),
            todo="Name a version of the log.",
        )
    features, scores = explain.feature_frame(frame), explain.scores_of(system, frame)
    model = RegisteredModel(
        body=body,
        sha256=hashlib.sha256(body).hexdigest(),
        version=version,
        feature_map=dict(names or {}),
        name=file.name,
    )
    task = system.task or Task.BINARY
    try:
        output = explain.outputs_of(system, frame)
        check = check_model(model, features, scores, task=task, output=output, warm=True)
    except PlumblineError:
        feature_map = None if names else propose_feature_map(model, features, scores, task=task)
        if feature_map is None:
            raise
        proposed, check = feature_map
        model = RegisteredModel(
            body=body, sha256=model.sha256, version=version, feature_map=proposed, name=file.name
        )
    with ws.write() as cursor:
        model_files.register_model_file(
            cursor,
            system=key,
            version=version,
            name=file.name,
            format=kind,
            body=body,
            feature_map=dict(model.feature_map),
            share=check.share,
            checked=check.n,
            passed=check.passed,
            actor=actor,
        )
        keep_check(cursor, key, version, model.sha256, fingerprint(cursor, system), asdict(check))
        against = fix_background(cursor, system, version)
        detail = {"version": version, "sha256": model.sha256, "share": check.share, "n": check.n,
                  "background_sha256": against}  # fmt: skip
        trail.append(cursor, actor=actor, action=Act.MODEL_REGISTERED, system=key, detail=detail)
    return ModelRegistration(
        system=key,
        version=version,
        sha256=model.sha256,
        format=kind,
        share=check.share,
        n=check.n,
        passed=check.passed,
        feature_map=dict(model.feature_map),
        sentence=check.sentence,
    )


def _refuse_pickles(ws: Workspace, key: str, version: str, body: bytes, actor: str) -> None:
    """Refuse a file that can run code when it is opened, and put that it is one on the trail: it is how the version's
    model is kept, until another file is registered for it.

    Raises:
        PlumblineError: it is one.
    """
    kind = pickle_kind(body)
    if not kind:
        return
    detail = {"version": version, "sha256": hashlib.sha256(body).hexdigest(), "format": kind}
    with ws.write() as cursor:
        systems.get_system(cursor, key)
        trail.append(cursor, actor=actor, action=Act.MODEL_REFUSED, system=key, detail=detail)
    raise PlumblineError(
        "The model file was refused: it is a pickle or joblib file, which can run code when it is opened",
        todo=RESAVE,
    )
