"""What a registry or a repository says about the versions of a model, as read from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbedVersion:
    """One version as a registry or repository keeps it; an empty text or None is not recorded there.

    ``names`` are the fixed spellings under which a log may name it; ``moving`` are those that can be pointed
    elsewhere tomorrow (aliases, stages, the state of a folder).
    """

    version: str
    names: tuple[str, ...] = ()
    moving: tuple[str, ...] = ()
    created_at: datetime | None = None
    created_by: str = ""
    code: str = ""  # code revision
    data: str = ""  # hash of the training data
    parameters: int = 0  # how many are recorded
    sources: tuple[str, ...] = ()  # what it was made from: data sets, files, with their hashes
    run: str = ""
    saved_as: str = ""  # the format of its model file: pickle, cloudpickle, joblib, skops, onnx, ...

    @property
    def has_provenance(self) -> bool:
        """Whether it says who made it and when."""
        return self.created_at is not None and bool(self.created_by)

    @property
    def reproducible(self) -> bool:
        """Whether code revision, data hash and parameters are all recorded."""
        return bool(self.code and self.data and self.parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One look into a registry or repository. ``place`` never holds credentials."""

    kind: str  # mlflow | dvc
    place: str
    subject: str  # the registered model, or the folder
    at: datetime
    by: str
    versions: tuple[ProbedVersion, ...]
    notes: tuple[str, ...] = ()
