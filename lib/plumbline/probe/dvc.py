"""DVC's files in a folder: what ``dvc.yaml`` describes, what ``dvc.lock`` records, and who committed it when.

Nothing of DVC runs. YAML is read as plain data; git is asked by its plumbing commands, which start no hook,
pager, filter or signing program that a repository's settings may name. Nothing outside of the folder is read.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from plumbline.domain import PlumblineError, Probe, ProbedVersion
from plumbline.domain.messages import message
from plumbline.probe.saved_models import format_of_outputs

LARGEST = 2_000_000  # bytes of one YAML file
TAGS = 200  # release tags looked at, the newest first
SECONDS = 20


@dataclass(frozen=True, slots=True)
class Lock:
    """A ``dvc.lock``: stages with the hashes of what went in and came out, and how many parameters are recorded."""

    stages: tuple[str, ...]
    inputs: Mapping[str, str]  # path -> hash of what no stage of this lock makes: the data it starts from
    outputs: Mapping[str, str]
    parameters: int

    def release(self, names: tuple[str, ...], moving: tuple[str, ...] = (), **more: Any) -> ProbedVersion:
        """The version that this lock records."""
        return ProbedVersion(
            version=names[0],
            names=tuple(dict.fromkeys((*names, *self.outputs.values()))),
            moving=moving,
            data=" ".join(sorted(self.inputs.values())),
            parameters=self.parameters,
            sources=tuple(f"{path} ({digest})" for path, digest in sorted(self.inputs.items())),
            saved_as=format_of_outputs(self.outputs),
            **more,
        )


def probe_dvc(folder: str, *, by: str, at: datetime | None = None) -> Probe:
    """Read the pipeline of a folder: one version a git tag that holds a lock, and the commit that is checked out.

    Raises:
        PlumblineError: no such folder or no lock in it, a file that is not YAML of DVC, or one that leads out of
            the folder; in one sentence.
    """
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise PlumblineError(
            "There is no such folder", where=folder, todo="Give the folder that holds dvc.lock."
        )
    root = root.resolve()
    text = _text(root, "dvc.lock")
    if text is None:
        raise PlumblineError(
            "There is no dvc.lock in this folder",
            where=str(root),
            todo="Run `dvc repro` there, or give its folder.",
        )
    lock = read_lock(text, str(root / "dvc.lock"))
    described = _text(root, "dvc.yaml")
    notes = (
        _unrun_stage_note(described, lock, str(root / "dvc.yaml"))
        if described is not None
        else ["There is no dvc.yaml."]
    )
    versions, lines = _committed_versions(root, text)
    if not versions:
        versions = [lock.release(("working copy",), ("working copy",))]
    return Probe(
        kind="dvc",
        place=str(root),
        subject=root.name,
        at=at or datetime.now(UTC),
        by=by,
        versions=tuple(versions),
        notes=(*notes, *lines),
    )


def read_lock(text: str, where: str) -> Lock:
    """Read the text of a ``dvc.lock``.

    Raises:
        PlumblineError: it is not YAML, or not a lock of DVC.
    """
    stages = _mapping(_yaml(text, where).get("stages"), where)
    inputs: dict[str, str] = {}
    outputs: dict[str, str] = {}
    parameters = 0
    for stage in stages.values():
        mapping = _mapping(stage, where)
        inputs |= _hashes(mapping.get("deps"), where)
        outputs |= _hashes(mapping.get("outs"), where)
        parameters += sum(
            len(_mapping(params, where)) for params in _mapping(mapping.get("params") or {}, where).values()
        )
    first = {path: digest for path, digest in inputs.items() if path not in outputs}
    return Lock(tuple(str(name) for name in stages), first, outputs, parameters)


def _text(root: Path, name: str) -> str | None:
    path = root / name
    if not path.exists() and not path.is_symlink():
        return None
    try:
        real = path.resolve()
    except (OSError, RuntimeError) as error:  # a link that leads to itself
        raise PlumblineError(message("{name} cannot be read", name=name), where=str(root)) from error
    if root not in real.parents or not real.is_file():
        raise PlumblineError(
            message("{name} leads out of the folder", name=name),
            where=str(root),
            todo="Give the folder itself.",
        )
    if real.stat().st_size > LARGEST:
        raise PlumblineError(
            message("{name} is larger than {largest} MB", name=name, largest=str(LARGEST // 1000000)),
            where=str(root),
        )
    try:
        return real.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PlumblineError(message("{name} cannot be read as text", name=name), where=str(root)) from error


def _yaml(text: str, where: str) -> dict[Any, Any]:
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return _mapping(yaml.load(text, Loader=loader), where)  # noqa: S506 - both are safe loaders
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise PlumblineError("This file is not YAML that can be read", where=where) from error


def _mapping(value: Any, where: str) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise PlumblineError(
            "This file is not one that DVC wrote", where=where, todo="Run `dvc repro` again."
        )
    return value


def _hashes(value: Any, where: str) -> dict[str, str]:
    hashes = {}
    for entry in value or []:
        mapping = _mapping(entry, where)
        digest = next(
            (
                str(mapping[key])
                for key in ("md5", "etag", "checksum", "hash")
                if key in mapping and key != "hash"
            ),
            "",
        )
        if isinstance(mapping.get("path"), str) and digest:
            hashes[mapping["path"]] = digest
    return hashes


def _unrun_stage_note(text: str, lock: Lock, where: str) -> list[str]:
    stages = [str(name) for name in _mapping(_yaml(text, where).get("stages") or {}, where)]
    bare = {name.partition("@")[0] for name in lock.stages}
    missing = [name for name in stages if name not in bare]
    return [f"Never run as described: {', '.join(missing[:10])}."] if missing else []


def _committed_versions(root: Path, text: str) -> tuple[list[ProbedVersion], list[str]]:
    """One version a tag and the commit that is checked out; none where the folder is in no repository."""
    if shutil.which("git") is None:
        return [], ["git is not installed here: revisions are not known."]
    prefix = _git(root, "rev-parse", "--show-prefix")
    head = _git(root, "rev-parse", "--verify", "HEAD^{commit}") if prefix is not None else None
    if prefix is None or head is None:
        return [], ["The folder is in no git repository with a commit: who and when are not known."]
    path = prefix.strip() + "dvc.lock"
    tags = _git(
        root,
        "for-each-ref",
        f"--count={TAGS}",
        "--sort=-creatordate",
        "--format=%(refname:strip=2)",
        "refs/tags",
    )
    versions: list[ProbedVersion] = []
    for name in (tags or "").splitlines():
        probed_version = _version_at_revision(root, f"refs/tags/{name}", path, (name, *_spellings(name)))
        if probed_version is not None:
            versions.append(probed_version)
    current = _version_at_revision(root, "HEAD", path, (head.strip(),), ("HEAD",))
    notes = []
    if current is not None and current.code not in {version.code for version in versions}:
        versions.append(current)
    if _git(root, "cat-file", "blob", f"HEAD:{path}") != text:
        notes.append("The lock in the folder differs from the committed one and is not counted.")
    return versions, notes


def _version_at_revision(
    root: Path, revision: str, path: str, names: tuple[str, ...], moving: tuple[str, ...] = ()
) -> ProbedVersion | None:
    """The version that a revision's lock records; None where it holds none that can be read."""
    commit = _git(root, "rev-parse", "--verify", f"{revision}^{{commit}}")
    text = _git(root, "cat-file", "blob", f"{revision}:{path}")
    if commit is None or text is None or len(text) > LARGEST:
        return None
    try:
        lock = read_lock(text, f"{revision}:{path}")
    except PlumblineError:
        return None
    sha = commit.strip()
    header = (_git(root, "cat-file", "commit", sha) or "").partition("\n\n")[0]
    author = re.search(r"^author (.*?) <([^>]*)> (\d+)", header, re.MULTILINE)
    return lock.release(
        (*names, sha, sha[:7], sha[:8], sha[:12]),
        moving,
        code=sha,
        created_at=datetime.fromtimestamp(int(author[3]), UTC) if author else None,
        created_by=(author[1] or author[2]) if author else "",
    )


def _spellings(tag: str) -> tuple[str, ...]:
    """``v1.2`` is also 1.2; ``model@v1.2`` (as registries on git tag) and ``model/1.2`` are also v1.2 and 1.2."""
    last = re.split(r"[@/#]", tag)[-1] or tag
    return tuple(dict.fromkeys((last, last.removeprefix("v"), tag.removeprefix("v"))))


def _git(root: Path, *arguments: str) -> str | None:
    """What a plumbing command prints, or None where it fails."""
    environment = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "HOME") if name in os.environ}
    settings = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0",
                "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1"}  # fmt: skip
    command = [
        "git",
        "-c",
        "core.fsmonitor=false",
        "-c",
        f"core.hooksPath={os.devnull}",
        "-C",
        str(root),
        *arguments,
    ]
    try:
        process = subprocess.run(  # noqa: S603 - a fixed program and our own arguments
            command,
            capture_output=True,
            timeout=SECONDS,
            env={**environment, **settings},
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return process.stdout.decode("utf-8", "replace") if process.returncode == 0 else None
