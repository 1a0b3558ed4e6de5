"""The command line's contract: exit codes, one line of error, JSON keys, bad input changes nothing."""

from __future__ import annotations

import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran
from tests.environment import product
from tests.factory.decisions import HEADER, csv_bytes, decisions, write

Run = Callable[..., Ran]


def _one_line(ran: Ran, *words: str) -> None:
    assert ran.code == 2, ran.out + ran.err
    assert ran.out == ""
    assert len(ran.err.strip().splitlines()) == 1
    assert "Traceback" not in ran.err
    assert len(ran.err) < 600
    for word in words:
        assert word.lower() in ran.err.lower()


def test_the_main_job_end_to_end(plumbline: Run, tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", decisions(400))
    seen = plumbline("inspect", log, "--json").json
    assert {"format", "mapping", "confidence", "questions", "rows_sampled"} <= set(seen)
    assert seen["mapping"]["when"] == "timestamp"
    assert seen["mapping"]["score"] == "score"
    assert seen["mapping"]["label"] == "label"

    made = plumbline("load", log, "--system", "Offers", "--json").json
    assert made["rows_read"] == made["rows_loaded"] + made["rows_duplicate"] + made["rows_quarantined"] == 400
    again = plumbline("load", log, "--system", "offers", "--json").json
    assert (again["rows_loaded"], again["rows_duplicate"]) == (0, 400)

    series = plumbline("performance", "offers", "--metric", "accuracy", "--json").json["series"]
    assert {
        "metric",
        "start",
        "end",
        "version",
        "n",
        "value",
        "low",
        "high",
        "threshold",
        "breach",
        "estimated",
    } <= set(series[0])
    more = plumbline(
        "performance", "offers", "--metric", "roc_auc", "--calibration", "--segments", "--json"
    ).json
    assert more["worst_segments"]["metric"] == "accuracy"
    assert more["worst_segments"]["tried"] > 0
    assert sum(one["n"] for one in more["calibration"][0]["bins"]) == more["calibration"][0]["n"] == 400
    assert "ROC AUC" in more["sentence"]
    features = plumbline("drift", "offers", "--method", "psi", "--method", "js", "--json").json
    assert {"features", "ranking"} <= set(features)
    assert {
        "feature",
        "kind",
        "method",
        "value",
        "threshold",
        "p_value",
        "drifted",
        "missing_share",
        "new_levels",
    } <= set(features["features"][0])
    explained = plumbline("explain", "offers", "d0007", "--json")
    assert {
        "source",
        "output_space",
        "base_value",
        "score",
        "attributions",
        "additivity_error",
        "fidelity",
        "reasons",
    } <= set(explained.json)
    assert {"releases", "comparisons", "findings"} <= set(plumbline("releases", "offers", "--json").json)
    assert {"groups", "intersections", "oversight"} <= set(plumbline("fairness", "offers", "--json").json)
    card = plumbline("scorecard", "offers", "--json").json
    assert {"verdict", "reasons", "conditions", "triggers", "controls", "at_stake"} <= set(card)
    assert {"id", "title", "status", "evidence_kind", "evidence", "requirement"} <= set(card["controls"][0])
    assert plumbline("scorecard", "offers", "--fail-on", "LIABILITY").code == 1
    assert plumbline("systems", "--json").json["systems"][0]["key"] == "offers"
    trail = plumbline("trail", "--verify", "--json").json
    assert trail["intact"]
    assert trail["first_broken"] is None
    assert plumbline("undo", made["load_id"], "--json").json["rows_removed"] == 400


def _hostile(folder: Path) -> dict[str, tuple[Path, str]]:
    files: dict[str, tuple[bytes, str]] = {
        "empty.csv": (b"", "empty"),
        "header.csv": (csv_bytes([]), "no rows"),
        "binary.csv": (bytes(range(256)) * 40, "log.csv"),
        "notime.csv": (b"a,b,prediction\n1,2,x\n2,3,y\n3,1,x\n", "time"),
        "model.csv": (pickle.dumps({"a": [1, 2, 3]}, protocol=5), "pickle"),
    }
    made = {}
    for name, (body, word) in files.items():
        (folder / name).write_bytes(body)
        made[name] = (folder / name, word if word != "log.csv" else "")
    return made


@pytest.mark.parametrize("name", ["empty.csv", "header.csv", "binary.csv", "notime.csv", "model.csv"])
@pytest.mark.parametrize("command", ["inspect", "load"])
def test_a_wrong_file_is_one_clear_sentence_and_changes_nothing(
    plumbline: Run, tmp_path: Path, name: str, command: str
) -> None:
    path, word = _hostile(tmp_path)[name]
    arguments = ("--system", "s") if command == "load" else ()
    _one_line(plumbline(command, path, *arguments), name, word)
    assert plumbline("systems", "--json").json["systems"] == []


def test_a_line_of_four_gigabytes_is_refused_without_reading_it(plumbline: Run, tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    with path.open("wb") as file:
        file.write(csv_bytes([]))
        file.truncate(4 * 1024**3)  # sparse: takes no room on disk
    _one_line(plumbline("load", path, "--system", "s"), "wide.csv")


def test_names_and_cells_that_try_to_be_code_stay_text(plumbline: Run, tmp_path: Path) -> None:
    name = '"; DROP TABLE system; --'
    header = ['"""; DROP TABLE system; --"' if column == "age" else column for column in HEADER]
    log = write(tmp_path / "log.csv", decisions(400), header)
    log.write_text(log.read_text("utf-8").replace("south", "<img src=x onerror=alert(1)>"), "utf-8")
    made = plumbline("load", log, "--system", "s", "--json").json
    assert made["rows_loaded"] == 400
    features = {f["feature"] for f in plumbline("drift", "s", "--json").json["features"]}
    assert name in features
    assert plumbline("trail", "--verify").code == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("performance", "nobody"), "no system"),
        (("scorecard", "nobody"), "no system"),
        (("load", "missing.csv", "--system", "s"), "missing.csv"),
        (("undo", "99"), "no load 99"),
        (("drift", "nobody", "--window", "yesterday"), "--window"),
        (("frobnicate",), "frobnicate"),
        (("load",), "missing argument"),
        (("demo", "--scenario", "nothing"), "nothing"),
    ],
)
def test_wrong_use_is_one_clear_sentence(plumbline: Run, arguments: tuple[str, ...], word: str) -> None:
    _one_line(plumbline(*arguments, *(["--json"] if arguments[0] != "frobnicate" else [])), word)


def test_a_module_that_was_cut_off_while_it_was_compiled_is_not_told_as_a_stop(
    plumbline: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object, **__: object) -> None:
        raise EOFError("marshal data too short")

    monkeypatch.setattr("plumbline.answers.governance.portfolio.overview", cut_off)
    ran = plumbline("systems")
    assert ran.code == 2
    assert "nothing was changed" not in ran.err
    assert "Something went wrong inside Plumbline: EOFError" in ran.err


def test_a_map_that_names_no_column_or_role_is_refused(plumbline: Run, tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", decisions(400))
    _one_line(plumbline("load", log, "--system", "s", "--map", "nope=label"), "nope")
    _one_line(plumbline("load", log, "--system", "s", "--map", "age=wizard"), "wizard")
    _one_line(plumbline("load", log, "--system", "s", "--map", "age"), "COLUMN=ROLE")


def test_the_installed_command_runs() -> None:
    command = Path(product.python()).with_name("plumbline")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert "plumbline" in done.stdout
