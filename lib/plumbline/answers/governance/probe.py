"""Reading a model registry or a repository for a system, and keeping what it showed with its date."""

from __future__ import annotations

from plumbline.answers.governance.places import places
from plumbline.answers.signer import signer
from plumbline.domain import PlumblineError, Probe
from plumbline.domain.acts import Act
from plumbline.governance import canonical_json
from plumbline.probe.alone import probe_in_child
from plumbline.probe.places import match_place
from plumbline.store import probes as kept
from plumbline.store import systems, trail
from plumbline.store.workspace import Cursor, Workspace


def probe(
    ws: Workspace,
    key: str,
    *,
    by: str,
    mlflow: str = "",
    model: str = "",
    dvc: str = "",
    operator: bool = False,
) -> Probe:
    """Look into an MLflow registry (its address, and the model's name) or a folder with DVC's files.

    Args:
        operator: whether the machine's own user asks, in a terminal: any place, with the credentials of the machine.
            Else only places that are listed, and none but the credentials bound to them (``probe/places.py``).

    Raises:
        PlumblineError: not exactly one of the two, no such system, or a place that is not listed or cannot be read.
    """
    if bool(mlflow.strip()) == bool(dvc.strip()):
        raise PlumblineError("A probe reads one place", todo="Give --mlflow URI, or --dvc FOLDER.")
    signer(by, "A probe", "Say who looks.")
    with ws.read() as cursor:
        systems.get_system(cursor, key)
    if mlflow.strip() and operator:
        from plumbline.probe.registry import probe_mlflow

        probe = probe_mlflow(mlflow, model, by=by.strip())
    elif mlflow.strip():
        place = match_place(places(ws), uri=mlflow.strip())
        probe = probe_in_child(mlflow.strip(), model, by=by.strip(), place=place)
    else:
        from plumbline.probe.dvc import probe_dvc

        if not operator:
            match_place(places(ws), folder=dvc.strip())
        probe = probe_dvc(dvc.strip(), by=by.strip())
    with ws.write() as cursor:
        kept.add(cursor, key, probe, canonical_json.write(probe))
        detail = {
            "kind": probe.kind,
            "place": probe.place,
            "subject": probe.subject,
            "versions": len(probe.versions),
        }
        trail.append(cursor, actor=probe.by, action=Act.REGISTRY_READ, system=key, detail=detail)
    return probe


def probes(ws: Workspace, key: str) -> tuple[Probe, ...]:
    """The newest look into each place, the newest first."""
    with ws.read() as cursor:
        return latest_probes(cursor, key)


def latest_probes(cursor: Cursor, key: str) -> tuple[Probe, ...]:
    """The same, on a cursor that is open already."""
    return tuple(canonical_json.read(Probe, body) for body in kept.latest(cursor, key))


def forget(ws: Workspace, key: str, item: Probe, *, by: str) -> None:
    """Take a place out of account, for example one that was given by mistake."""
    with ws.write() as cursor:
        kept.forget(cursor, key, item.kind, item.place, item.subject)
        detail = {"kind": item.kind, "place": item.place, "subject": item.subject}
        trail.append(cursor, actor=by, action=Act.REGISTRY_FORGOTTEN, system=key, detail=detail)
