"""A pipeline that DVC itself ran, in a repository that git itself keeps; and folders that mean harm."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plumbline.domain import PlumblineError
from plumbline.probe.dvc import probe_dvc, read_lock


def test_each_tagged_lock_is_a_version_with_who_when_code_data_and_parameters(pipeline: Path) -> None:
    found = probe_dvc(str(pipeline), by="test")
    assert (found.kind, found.subject) == ("dvc", "model")
    named = {name: v for v in found.versions for name in v.names}
    assert {"credit@v1.0", "v1.0", "1.0", "1.1"} <= set(named)
    first, second = named["1.0"], named["1.1"]
    assert first is not second
    assert (first.created_by, first.created_at) == ("Ada", datetime(2026, 3, 1, 10, tzinfo=UTC))
    assert first.parameters == 2
    assert first.reproducible
    assert {source.partition(" ")[0] for source in first.sources} == {"data.csv", "train.py"}
    assert first.data == second.data
    assert first.code != second.code
    assert named[second.code[:7]] is second
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=pipeline, capture_output=True, text=True, check=True
    )
    assert second.code == head.stdout.strip()
    assert found.notes == ("Never run as described: report.",)


def test_a_lock_that_was_not_committed_counts_for_nothing_and_is_said(pipeline: Path, tmp_path: Path) -> None:
    copy = tmp_path / "repo"
    shutil.copytree(pipeline.parent, copy, symlinks=True)
    lock = copy / "model" / "dvc.lock"
    lock.write_text(lock.read_text().replace("lr: 0.2", "lr: 0.9"))
    found = probe_dvc(str(copy / "model"), by="test")
    assert any("differs from the committed one" in note for note in found.notes)
    assert all(v.code for v in found.versions)


def test_a_folder_in_no_repository_has_a_version_without_who_and_when(pipeline: Path, tmp_path: Path) -> None:
    for name in ("dvc.yaml", "dvc.lock"):
        shutil.copy(pipeline / name, tmp_path / name)
    found = probe_dvc(str(tmp_path), by="test")
    (only,) = found.versions
    assert not only.has_provenance
    assert not only.reproducible
    assert only.moving == ("working copy",)
    assert any("no git repository" in note for note in found.notes)


def test_a_repository_that_would_run_programs_is_only_read(pipeline: Path, tmp_path: Path) -> None:
    copy = tmp_path / "repo"
    shutil.copytree(pipeline.parent, copy, symlinks=True)
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    for setting in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "gpg.program",
        "diff.external",
        "alias.cat-file",
    ):
        subprocess.run(["git", "config", setting, str(program)], cwd=copy, check=True)
    subprocess.run(["git", "config", "log.showSignature", "true"], cwd=copy, check=True)
    assert probe_dvc(str(copy / "model"), by="test").versions
    assert not ran.exists()


@pytest.mark.parametrize(
    "text",
    [
        "stages: [1, 2", "just words", "[]", "stages: 3", "stages: {train: 7}", "stages: {train: {deps: [x]}}",
        "stages: {train: {params: {f: 1}}}", "!!python/object/apply:os.system [id]", "[" * 5000, "a: &a [*a]",
    ],
)  # fmt: skip
def test_a_lock_that_dvc_did_not_write_is_one_sentence(text: str) -> None:
    with pytest.raises(PlumblineError, match=r"not YAML|not one that DVC wrote"):
        read_lock(text, "dvc.lock")


def test_a_folder_is_refused_that_is_none_or_leads_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(PlumblineError, match="no such folder"):
        probe_dvc(str(tmp_path / "nowhere"), by="test")
    with pytest.raises(PlumblineError, match=r"no dvc\.lock"):
        probe_dvc(str(tmp_path), by="test")
    outside = tmp_path / "outside.lock"
    outside.write_text("stages: {}")
    inside = tmp_path / "repo"
    inside.mkdir()
    os.symlink(outside, inside / "dvc.lock")
    with pytest.raises(PlumblineError, match="leads out of the folder"):
        probe_dvc(str(inside), by="test")
    (inside / "dvc.lock").unlink()
    os.symlink(inside / "dvc.lock", inside / "dvc.lock")
    with pytest.raises(PlumblineError, match=r"leads out|cannot be read"):
        probe_dvc(str(inside), by="test")
    (inside / "dvc.lock").unlink()
    (inside / "dvc.lock").write_bytes(b"#" * 2_100_000)
    with pytest.raises(PlumblineError, match="larger than 2 MB"):
        probe_dvc(str(inside), by="test")
    (inside / "dvc.lock").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlumblineError, match="cannot be read as text"):
        probe_dvc(str(inside), by="test")


def test_the_command_line_reads_a_folder_and_the_scorecard_says_where_from(
    pipeline: Path, tmp_path: Path
) -> None:
    import json

    from click.testing import CliRunner

    from plumbline.answers.data.load import load_file
    from plumbline.cli import main
    from plumbline.store.workspace import open_workspace

    rows = "".join(f"2026-03-{d:02d}T10:00:00Z,1.{d % 2},{d}\n" for d in range(1, 29))
    (tmp_path / "log.csv").write_text("timestamp,model_version,prediction\n" + rows)
    ws = open_workspace(tmp_path / "ws.duckdb", read_from=[tmp_path])
    load_file(ws, tmp_path / "log.csv", title="small", actor="test")
    ws.close()
    place = ["--workspace", str(tmp_path / "ws.duckdb"), "--json"]
    told = CliRunner().invoke(main, ["probe", "small", "--dvc", str(pipeline), *place])
    assert told.exit_code == 0, told.output
    assert {v["code"] != "" for v in json.loads(told.output)["versions"]} == {True}
    card = json.loads(CliRunner().invoke(main, ["scorecard", "small", *place]).output)
    by_id = {c["id"]: c for c in card["controls"]}
    assert by_id["REL-2"]["status"] == "pass"
    assert "2 of 2 versions in the log are registered" in by_id["REL-2"]["evidence"]
    assert by_id["REL-7"]["status"] == by_id["AUD-5"]["status"] == "pass"
    wrong = CliRunner().invoke(main, ["probe", "small", "--dvc", str(tmp_path / "no"), *place])
    assert wrong.exit_code == 2
