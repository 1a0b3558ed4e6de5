"""From the versions that a log names and the places that keep versions to what is registered, and how well."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from plumbline.domain import Probe, ProbedVersion

KINDS = {"mlflow": "MLflow", "dvc": "DVC"}


@dataclass(frozen=True, slots=True)
class RegistryMatch:
    """One version of the log and where it is kept: entries that name it for good, and by a moving name."""

    version: str
    fixed: tuple[ProbedVersion, ...]
    moving: tuple[ProbedVersion, ...]
    as_file: bool  # its model file is registered in the workspace, with who, when and hash

    @property
    def is_registered(self) -> bool:
        return self.as_file or bool(self.fixed or self.moving)

    @property
    def complete(self) -> bool:
        """Kept under a name that cannot be pointed elsewhere, with who and when."""
        return self.as_file or any(entry.has_provenance for entry in self.fixed)


def match_registries(
    seen: Collection[str], files: Collection[str], probes: Sequence[Probe]
) -> tuple[RegistryMatch, ...]:
    """Each version that the log names, looked up in every place."""
    entries = [entry for probe in probes for entry in probe.versions]
    return tuple(
        RegistryMatch(
            version,
            tuple(e for e in entries if version == e.version or version in e.names),
            tuple(e for e in entries if version in e.moving),
            version in files,
        )
        for version in sorted(seen)
    )


def registry_facts(seen: Collection[str], files: Collection[str], probes: Sequence[Probe]) -> dict[str, Any]:
    """The fields of ``Facts`` that probes and registered model files settle.

    A version known only by an alias or stage is registered, but not for good. Without a probe nothing is known
    of code, data, parameters and lineage.
    """
    matches = match_registries(seen, files, probes)
    entries = [f for f in matches if f.is_registered]
    facts: dict[str, Any] = {}
    if files or probes:
        facts |= {
            "registered_versions": len(entries),
            "registry_complete": all(f.complete for f in entries) if entries else None,
            "versions_missing": tuple(f.version for f in matches if not f.is_registered),
        }  # fmt: skip
    if probes:
        used = [
            p for p in probes if any(f.fixed or f.moving for f in match_registries(seen, (), [p]))
        ] or list(probes)
        facts |= {
            "reproducible_versions": sum(any(e.reproducible for e in f.fixed) for f in matches),
            "lineage_versions": sum(any(e.sources for e in f.fixed) for f in matches),
            "probed_at": min(p.at for p in used),
            "probed_where": "; ".join(f"{KINDS[p.kind]} {p.subject} at {p.place}" for p in used),
        }  # fmt: skip
    return facts
