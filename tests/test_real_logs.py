"""The real logs beside this checkout, from file to figure, against truths that were computed independently."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran

pytestmark = pytest.mark.reallogs

Run = Callable[..., Ran]
EXACT = 1e-9
#: log -> files in the order in which they are loaded, with what is said beside them
LOGS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "electricity": (("electricity.csv", ()),),
    "income-credit": (("kredit_export.csv", ()),),
    "car-prices": (("reference.csv", ("--reference",)), ("quotes.csv", ()), ("sold_later.csv", ())),
    "card-offers": (("card_offers.parquet", ()),),
    "car-loan": (("reference.parquet", ("--reference",)), ("analysis.parquet", ()), ("targets.parquet", ())),
    "dirty-loans": (("dirty_loans.csv", ()),),
}


Loaded = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def loaded(
    plumbline: Run, real_logs: Path, shared: Callable[[str, Callable[[Path], object]], Path], tmp_path: Path
) -> Loaded:
    """Put a log into the test's workspace. It is loaded by the command line once, and copied from then on."""

    def make(name: str, folder: Path) -> None:
        made = [
            plumbline("load", real_logs / name / file, "--system", name, *options, "--json",
                      "--workspace", folder / "workspace.duckdb").json
            for file, options in LOGS[name]
        ]  # fmt: skip
        for load in made:
            assert (
                load["rows_read"] == load["rows_loaded"] + load["rows_duplicate"] + load["rows_quarantined"]
            )
        (folder / "loads.json").write_text(json.dumps(made), "utf-8")

    def put(name: str) -> list[dict[str, Any]]:
        folder = shared(f"log-{name}", lambda folder: make(name, folder))
        shutil.copy(folder / "workspace.duckdb", tmp_path / "workspace.duckdb")
        made: list[dict[str, Any]] = json.loads((folder / "loads.json").read_text("utf-8"))
        return made

    return put


def _values(
    run: Run, name: str, metrics: tuple[str, ...], *options: str
) -> dict[str, dict[str, tuple[float | None, int]]]:
    """Metric -> day on which a chunk begins -> value and decisions."""
    asked = (part for metric in metrics for part in ("--metric", metric))
    found: dict[str, dict[str, tuple[float | None, int]]] = {metric: {} for metric in metrics}
    for point in run("performance", name, *asked, *options, "--json").json["series"]:
        if point["metric"] in found:
            found[point["metric"]][point["start"][:10]] = (point["value"], point["n"])
    return found


@pytest.mark.parametrize(
    ("name", "metrics"),
    [
        ("electricity", ("accuracy", "precision", "recall", "f1", "positive_rate", "brier", "log_loss")),
        ("income-credit", ("accuracy", "precision", "recall", "f1", "positive_rate", "brier", "log_loss")),
        ("car-loan", ("accuracy", "precision", "recall", "f1", "positive_rate", "brier", "log_loss")),
    ],
)
def test_monthly_performance_is_the_truth(
    plumbline: Run, loaded: Loaded, truth: Callable[[str], Any], name: str, metrics: tuple[str, ...]
) -> None:
    loaded(name)
    months = truth(name)["by_month"]["by"]
    for metric, found in _values(plumbline, name, metrics, "--by", "month").items():
        for month, expected in months.items():
            if expected["n"] == 0:
                continue
            start = f"{month}-01"
            if name == "car-loan" and month == "2018-10":
                continue  # shared with the reference's last days; the truth counts the analysis alone
            value, n = found[start]
            assert n == expected["n"]
            assert value == pytest.approx(expected[metric], abs=EXACT), (metric, month)


@pytest.mark.parametrize("name", ["electricity", "income-credit", "car-loan"])
def test_roc_auc_is_exact_from_decisions_and_from_the_profile(
    plumbline: Run, loaded: Loaded, truth: Callable[[str], Any], name: str
) -> None:
    loaded(name)
    months = {m: t for m, t in truth(name)["by_month"]["by"].items() if t["n"]}
    exact = _values(plumbline, name, ("roc_auc",), "--by", "month", "--exact")["roc_auc"]
    for month, expected in months.items():
        if name == "car-loan" and month == "2018-10":
            continue  # as above
        assert exact[f"{month}-01"][0] == pytest.approx(expected["roc_auc"], abs=EXACT)
    series = plumbline("performance", name, "--metric", "roc_auc", "--by", "month", "--json").json["series"]
    for point in series:
        expected = months.get(point["start"][:7])
        if expected and point["value"] is not None and (name, point["start"][:7]) != ("car-loan", "2018-10"):
            assert point["bound"] == 0
            assert point["value"] == pytest.approx(expected["roc_auc"], abs=1e-6)


def test_regression_by_week_is_the_truth(plumbline: Run, loaded: Loaded, truth: Callable[[str], Any]) -> None:
    made = loaded("car-prices")
    assert made[2]["labels_joined"] == truth("car-prices")["labels"]
    options = ("--by", "week", "--window", "2017-02-16T16:00:00..")
    for metric, found in _values(plumbline, "car-prices", ("mae", "rmse", "bias", "r2"), *options).items():
        for week, expected in truth("car-prices")["by_week_starting_monday"]["by"].items():
            assert found[week][1] == expected["n"]
            assert found[week][0] == pytest.approx(expected[metric], rel=EXACT, abs=EXACT), (metric, week)


def test_multiclass_by_month_is_the_truth(
    plumbline: Run, loaded: Loaded, truth: Callable[[str], Any]
) -> None:
    loaded("card-offers")
    for metric, found in _values(plumbline, "card-offers", ("accuracy", "f1_macro"), "--by", "month").items():
        for month, expected in truth("card-offers")["accuracy_by_month"].items():
            value, n = found[f"{month}-01"]
            assert n == expected["n"]
            assert value == pytest.approx(expected[metric], abs=EXACT), (metric, month)


def test_a_dirty_export_is_counted_exactly(
    plumbline: Run, loaded: Loaded, truth: Callable[[str], Any]
) -> None:
    (made,) = loaded("dirty-loans")
    expected = truth("dirty-loans")
    assert made["rows_read"] == expected["records_after_header"]
    assert made["rows_duplicate"] == expected["duplicates_of_an_earlier_row"]
    assert made["rows_loaded"] == expected["good"]
    assert made["reasons"] == expected["quarantined"]
    judged = plumbline("scorecard", "dirty-loans", "--json").json
    assert any("119 of the 3,021 rows read" in reason for reason in judged["reasons"])


DRIFT = {"ks": "ks", "psi": "psi_deciles", "wasserstein": "wasserstein_over_ref_std"}


@pytest.mark.parametrize(
    ("name", "reference", "window", "truths"),
    [
        ("electricity", (0, 30), (-30, None), "drift_first_30_days_against_last_30_days"),
        ("car-loan", None, (-30, None), "drift_reference_against_last_30_days"),
        ("car-prices", None, (-7, None), "drift_reference_against_last_7_days"),
    ],
)
def test_drift_is_exact_from_decisions_and_within_its_bound_from_the_profile(
    plumbline: Run, loaded: Loaded, truth: Callable[[str], Any], name: str, reference: tuple[int, int] | None,
    window: tuple[int, int | None], truths: str,
) -> None:  # fmt: skip
    loaded(name)
    spans = _spans(plumbline, name, reference, window)
    expected = truth(name)[truths]
    methods = [option for method in DRIFT for option in ("--method", method)]
    for exact in ((), ("--exact",)):
        found = plumbline("drift", name, *spans, *methods, *exact, "--json").json["features"]
        for entry in found:
            if entry["feature"] not in expected:
                continue
            wanted = expected[entry["feature"]][DRIFT[entry["method"]]]
            if wanted > 1e6:  # the reference is constant: a ratio to its spread says nothing
                assert entry["value"] is None
                assert entry["note"]
                continue
            tolerance = EXACT if exact else entry["bound"] + EXACT
            assert entry["value"] == pytest.approx(wanted, abs=tolerance), (
                entry["feature"],
                entry["method"],
                exact,
            )


def _spans(
    run: Run, name: str, reference: tuple[int, int] | None, window: tuple[int, int | None]
) -> list[str]:
    row = next(s for s in run("systems", "--json").json["systems"] if s["key"] == name)
    first, last = (
        datetime.fromisoformat(row[k]).astimezone(UTC) for k in ("first_decision", "last_decision")
    )
    options = ["--window", f"{(last + timedelta(days=window[0])).isoformat()}.."]
    if reference:
        start, end = (first + timedelta(days=d) for d in reference)
        options += ["--reference", f"{start.isoformat()}..{end.isoformat()}"]
    return options


def test_versions_and_a_rollback_are_seen(
    plumbline: Run, loaded: Loaded, truth: Callable[[str], Any]
) -> None:
    loaded("income-credit")
    found = plumbline("releases", "income-credit", "--json").json
    spans = [(s["version"], s["start"][:16].replace("T", " ")) for s in found["spans"]]
    assert spans == [(version, start[:16]) for version, start, _ in truth("income-credit")["version_spans"]]
    assert any(f["signal"].startswith("release") and "3.2" in f["sentence"] for f in found["findings"])


def test_the_release_is_blamed_where_it_did_it_and_nowhere_else(plumbline: Run, loaded: Loaded) -> None:
    loaded("income-credit")
    found = plumbline("releases", "income-credit", "--json").json
    (switch,) = found["switches"]
    assert switch["output_split"]["verdict"] == "release"
    assert switch["output"]["after"] == 0
    assert "Version 3.2 should have been taken back" in found["sentence"]
    loaded("electricity")
    found = plumbline("releases", "electricity", "--json").json
    assert "should have been taken back" not in found["sentence"]
    assert not any(f["severity"] == "high" for f in found["findings"])


def test_groups_of_the_credit_log_are_those_of_its_rows(
    plumbline: Run, loaded: Loaded, real_logs: Path
) -> None:
    """The rates against pandas on the file itself."""
    import pandas as pd

    loaded("income-credit")
    frame = pd.read_csv(
        real_logs / "income-credit" / "kredit_export.csv", sep=";", decimal=",", encoding="cp1252"
    )
    said = next(c for c in frame.columns if set(frame[c].dropna().unique()) == {"bewilligt", "abgelehnt"})
    rates = (frame[said] == "bewilligt").groupby(frame["Geschlecht"]).agg(["mean", "size"])
    found = plumbline("fairness", "income-credit", "--by", "Geschlecht", "--json").json
    assert {g["levels"][0]: g["n"] for g in found["groups"]} == rates["size"].to_dict()
    for group in found["groups"]:
        assert abs(group["rates"]["positive_rate"]["value"] - rates["mean"][group["levels"][0]]) < EXACT
    female = next(g for g in found["groups"] if g["levels"] == ["Female"])
    assert abs(female["ratio"]["value"] - rates["mean"]["Female"] / rates["mean"]["Male"]) < EXACT
    assert female["status"] == "breach"


def test_the_registered_model_explains_what_it_decided(
    plumbline: Run, loaded: Loaded, real_logs: Path, tmp_path: Path
) -> None:
    loaded("electricity")
    for version in ("1.0.0", "2.0.0"):
        done = plumbline("model", real_logs / "electricity" / f"model-{version}.txt", "--system", "electricity",
                         "--version", version, "--json").json  # fmt: skip
        assert done["share"] == 1.0
    found = plumbline("explain", "electricity", "E009000", "--json").json
    assert found["source"] == "model"
    assert abs(found["additivity_error"]) < 1e-9
    assert set(found["attributions"]) == {
        "period",
        "nswprice",
        "nswdemand",
        "vicprice",
        "vicdemand",
        "transfer",
    }


def test_a_model_under_other_names_is_recognised_by_its_scores(
    plumbline: Run, loaded: Loaded, real_logs: Path
) -> None:
    loaded("income-credit")
    names = {"age": "Alter", "education_num": "Bildungsjahre", "capital_gain": "Kapitalertrag",
             "capital_loss": "Kapitalverlust", "hours": "Wochenstunden"}  # fmt: skip
    options = [part for pair in names.items() for part in ("--feature", "=".join(pair))]
    done = plumbline("model", real_logs / "income-credit" / "model-3.1.txt", "--system", "income-credit",
                     "--version", "3.1", *options, "--json").json  # fmt: skip
    assert done["share"] == 1.0
    assert plumbline("explain", "income-credit", "A-00009", "--json").json["source"] == "model"


@pytest.mark.parametrize("name", LOGS)
def test_every_log_gets_a_verdict_and_the_same_file_twice_adds_nothing(
    plumbline: Run, loaded: Loaded, real_logs: Path, name: str
) -> None:
    loaded(name)
    file, options = LOGS[name][0]
    again = plumbline("load", real_logs / name / file, "--system", name, *options, "--json").json
    assert again["rows_loaded"] == 0
    assert (
        plumbline("scorecard", name, "--json").json["verdict"] == "NOT_YET_JUDGED"
    )  # nobody said what it is for
    assert plumbline("trail", "--verify").code == 0


def test_undo_leaves_figures_as_they_were(
    plumbline: Run, loaded: Loaded, real_logs: Path, tmp_path: Path
) -> None:
    loads = loaded("car-prices")[:2]
    before = plumbline("performance", "car-prices", "--json").out
    labels = shutil.copy(real_logs / "car-prices" / "sold_later.csv", tmp_path / "again.csv")
    assert plumbline("undo", loads[1]["load_id"] + 1, "--json").code == 0
    assert plumbline("performance", "car-prices", "--json").out != before
    assert plumbline("load", labels, "--system", "car-prices", "--json").json["labels_joined"] == 20000
    assert plumbline("performance", "car-prices", "--json").out == before
