"""What a series says: values by chunk, limits, statuses, and how rarely it cries wolf."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import CostMatrix, OutcomeProfile, PlumblineError, PointStatus, Slice
from plumbline.monitor.chunks import chunk_index
from plumbline.monitor.metrics.metrics import metrics_for
from plumbline.monitor.metrics.thresholds import usual_values
from plumbline.monitor.performance.series import performance, thresholds
from tests.monitor.outcomes import FIRST, at, classified, regressed, scored

DATA = Path(__file__).parents[3].parent / "shared" / "data"
OK, WATCH, BREACH, UNKNOWN = PointStatus.OK, PointStatus.WATCH, PointStatus.BREACH, PointStatus.UNKNOWN


def weekly(shares: list[float], rows: int = 700, **more: object) -> OutcomeProfile:
    """A system whose accuracy in week i is exactly ``shares[i]``."""
    days, predicted, true = [], [], []
    for week, share in enumerate(shares):
        right = round(rows * share)
        days.append(7 * week + np.arange(rows) % 7)
        truth = np.arange(rows) % 2
        true.append(truth)
        predicted.append(np.where(np.arange(rows) < right, truth, 1 - truth))
    return classified(np.concatenate(days), np.concatenate(predicted), np.concatenate(true), **more)  # type: ignore[arg-type]


HEALTHY = [0.82, 0.80, 0.81, 0.83, 0.81, 0.82, 0.80, 0.82]
REFERENCE = (at(0), at(56))


def statuses(later: list[float], rows: int = 700, **more: object) -> list[PointStatus]:
    found = performance(
        weekly(HEALTHY + later, rows), reference=REFERENCE, by="week", metrics=["accuracy"], **more,  # type: ignore[arg-type]
    )  # fmt: skip
    return [p.status for p in found[8:]]


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ([0.81, 0.80], [OK, OK]),
        ([0.76, 0.81], [WATCH, OK]),  # one chunk only, its interval reaches back
        ([0.76, 0.755], [BREACH, BREACH]),  # two running
        ([0.61, 0.81], [BREACH, OK]),  # one chunk, wholly beyond
        ([0.90, 0.90], [OK, OK]),  # better is no breach
    ],
)
def test_status_follows_the_stated_rule(later: list[float], expected: list[PointStatus]) -> None:
    assert statuses(later) == expected


def test_a_small_chunk_needs_a_larger_fall() -> None:
    assert statuses([0.72, 0.82], rows=70) == [OK, OK]


def test_an_owners_floor_is_taken_as_it_stands() -> None:
    assert statuses([0.815, 0.815], floors={"accuracy": 0.9}) == [BREACH, BREACH]
    assert statuses([0.61, 0.61], floors={"accuracy": 0.5}) == [OK, OK]


def test_too_few_labels_are_unknown_and_say_how_many_are_needed() -> None:
    found = performance(weekly([*HEALTHY, 0.5], 22), reference=REFERENCE, by="week", metrics=["accuracy"])
    assert {p.status for p in found} == {UNKNOWN}
    assert found[0].note == "22 labelled rows; 30 are needed, 8 more."


def test_without_a_reference_nothing_is_called_healthy() -> None:
    found = performance(weekly(HEALTHY), by="week", metrics=["accuracy"])
    assert {p.status for p in found} == {UNKNOWN}
    assert found[0].value == pytest.approx(0.82)
    assert "no reference" in found[0].note


def test_the_band_is_three_deviations_of_the_reference_chunks() -> None:
    band = thresholds(weekly(HEALTHY), reference=REFERENCE, by="week", metrics=["accuracy"])["accuracy"]
    assert band.mean == pytest.approx(np.mean(HEALTHY))
    spread = np.std(HEALTHY, ddof=1) * np.sqrt(
        1 + 1 / len(HEALTHY)
    )  # of the next week about an estimated mean
    assert band.sd == pytest.approx(spread)
    assert band.low == pytest.approx(np.mean(HEALTHY) - 3 * spread)
    assert band.high is None
    assert band.source == "reference"


def test_one_odd_week_of_the_reference_does_not_hide_what_is_as_bad_as_it_was() -> None:
    """A holiday week at 60 %: with it in the spread the limit would lie at 57 %, and weeks at 72 % be in order."""
    odd = [0.82, 0.80, 0.81, 0.83, 0.60, 0.82, 0.80, 0.82]
    assert np.mean(odd) - 3 * np.std(odd) < 0.60
    found = performance(
        weekly([*odd, 0.72, 0.72], 2000), reference=REFERENCE, by="week", metrics=["accuracy"]
    )
    assert [p.status for p in found[8:]] == [BREACH, BREACH]


def test_weeks_that_are_restless_are_all_usual() -> None:
    """Only what lies far beyond all others is left out: under the normal law hardly ever anything."""
    rng = np.random.default_rng(4)
    left = sum(int((~usual_values(rng.normal(size=n))).sum()) for n in (6, 8, 12, 26) for _ in range(250))
    assert left <= 0.06 * 1000
    assert usual_values(np.array([1.0, 5.0, 1.1])).all()


def test_versions_get_series_of_their_own() -> None:
    versions = ["1"] * (700 * 8) + ["2"] * 700
    profile = weekly([*HEALTHY, 0.5], versions=versions)
    found = performance(profile, reference=REFERENCE, by="week", metrics=["accuracy"], by_version=True)
    assert [p.version for p in found] == ["1"] * 8 + ["2"]
    assert found[-1].status is BREACH
    only = performance(
        profile, reference=REFERENCE, by="week", metrics=["accuracy"], window=Slice(version="2")
    )
    assert [(p.version, p.status) for p in only] == [("2", BREACH)]


def test_a_window_reports_its_days_and_keeps_the_reference() -> None:
    profile = weekly([*HEALTHY, 0.61, 0.62])
    found = performance(
        profile, reference=REFERENCE, by="week", metrics=["accuracy"], window=Slice(start=at(56), end=at(63))
    )
    assert [(p.start, p.end, p.n, p.status) for p in found] == [(at(56), at(63), 700, BREACH)]


def test_a_chunk_whose_labels_are_still_coming_is_provisional_and_never_a_breach() -> None:
    shares = [*HEALTHY, 0.82, 0.4]
    labelled = np.ones(7000, dtype=bool)
    labelled[6300:] = np.arange(700) % 2 == 0
    found = performance(
        weekly(shares, labelled=labelled), reference=REFERENCE, by="week", metrics=["accuracy"]
    )
    assert [p.provisional for p in found] == [False] * 9 + [True]
    assert found[-1].status is WATCH
    assert found[-1].n == 350


def test_bias_is_judged_on_both_sides() -> None:
    rng = np.random.default_rng(1)
    for shift in (-10.0, 10.0):
        true = rng.normal(100, 5, 7000)
        predicted = true + rng.normal(0, 8, 7000) + np.where(np.arange(7000) >= 5600, shift, 0)
        found = performance(
            regressed(np.arange(7000) // 100, predicted, true),
            reference=REFERENCE,
            by="week",
            metrics=["bias"],
        )
        assert [p.status for p in found] == [OK] * 8 + [BREACH] * 2
        assert found[-1].threshold is not None
        assert np.sign(found[-1].threshold) == np.sign(shift)


def test_a_stationary_system_raises_no_breach_in_a_year_of_every_metric() -> None:
    """Ten systems, 40 weeks, twelve metrics: of 4,800 points a handful is beyond, none confirmed."""
    watched = breached = 0
    for seed in range(10):
        profile = classified(*scored(np.random.default_rng(seed), 364, 40))
        found = performance(profile, reference=(at(0), at(84)), by="week")
        later = [p for p in found if p.start >= at(84)]
        watched += sum(p.status is WATCH for p in later)
        breached += sum(p.status is BREACH for p in later)
    assert breached == 0
    assert watched <= 0.005 * 10 * 40 * 12


def test_a_stationary_forecaster_raises_no_breach_in_a_year_of_days() -> None:
    """Six systems, 280 days, seven metrics: of 11,760 points at most one pair runs beyond by chance."""
    breached = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        true = rng.gamma(5, 20, 364 * 60)
        predicted = true * rng.lognormal(0, 0.1, len(true))
        found = performance(
            regressed(np.repeat(np.arange(364), 60), predicted, true), reference=(at(0), at(84)), by="day"
        )
        breached += sum(p.status is BREACH for p in found if p.start >= at(84))
    assert breached <= 2


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_a_chunk_of_many_days_is_the_metric_of_all_its_rows(data: st.DataObject) -> None:
    rows = data.draw(st.integers(2, 80))
    draw = st.lists(st.integers(0, 1), min_size=rows, max_size=rows)
    predicted, true = np.array(data.draw(draw)), np.array(data.draw(draw))
    days = np.array(data.draw(st.lists(st.integers(0, 40), min_size=rows, max_size=rows)))
    many = performance(classified(days, predicted, true), by="month")
    for point in many:
        starts, _, index = chunk_index([FIRST + pd.Timedelta(days=int(d)) for d in days], "month")
        own = index == starts.index(point.start)
        alone = performance(
            classified(np.zeros(own.sum(), int), predicted[own], true[own]), by="day", metrics=[point.metric]
        )
        assert (
            point.value == pytest.approx(alone[0].value)
            if point.value is not None
            else alone[0].value is None
        )
        assert point.n == own.sum()


def test_an_unknown_chunk_or_metric_is_refused() -> None:
    with pytest.raises(PlumblineError):
        performance(weekly(HEALTHY), by="fortnight")
    with pytest.raises(PlumblineError):
        performance(weekly(HEALTHY), metrics=["mae2"])


# --- the real logs ---------------------------------------------------------------------------------

real = pytest.mark.skipif(not DATA.exists(), reason="the real logs are not here")


def truth(folder: str) -> dict:  # type: ignore[type-arg]
    return json.loads((DATA / folder / "truth.json").read_text("utf-8"))


def numbers_of(times: pd.Series) -> np.ndarray:
    return (
        pd.to_datetime(times, utc=True).dt.tz_convert(None).dt.normalize() - pd.Timestamp(FIRST)
    ).dt.days.to_numpy()


def agrees(profile: OutcomeProfile, by: str, wanted: dict[str, dict[str, float]], form: str) -> None:
    found = performance(profile, by=by)
    names = {m.name for m in metrics_for(profile.task, profile.classes)}
    held = {(p.start.strftime(form), p.metric): p for p in found}
    checked = 0
    for chunk, figures in wanted.items():
        for name, figure in figures.items():
            if name in names:
                point = held[chunk, name]
                assert point.value == pytest.approx(figure, rel=1e-9, abs=point.bound + 1e-9), (chunk, name)
                assert point.n == figures["n"]
                checked += 1
    assert checked > 3


@real
@pytest.mark.reallogs
def test_car_loan_months_are_the_published_truth() -> None:
    rows = pd.read_parquet(DATA / "car-loan" / "analysis.parquet").merge(
        pd.read_parquet(DATA / "car-loan" / "targets.parquet"), on="id"
    )
    profile = classified(
        numbers_of(rows["timestamp"]), rows["y_pred"].to_numpy(int), rows["repaid"].to_numpy(int),
        rows["y_pred_proba"].to_numpy(float),
    )  # fmt: skip
    agrees(profile, "month", truth("car-loan")["by_month"]["by"], "%Y-%m")


@real
@pytest.mark.reallogs
def test_income_credit_positive_rate_is_over_labelled_rows() -> None:
    rows = pd.read_csv(DATA / "income-credit" / "kredit_export.csv", sep=";", decimal=",", encoding="cp1252")
    yes = "bewilligt"
    known = rows["Ergebnis"].notna().to_numpy()
    profile = classified(
        numbers_of(pd.to_datetime(rows["Zeitpunkt"], dayfirst=True)),
        (rows["Entscheidung"] == yes).to_numpy(int), (rows["Ergebnis"] == yes).to_numpy(int),
        rows["Score"].to_numpy(float), labelled=known, versions=rows["Modellversion"].astype(str).tolist(),
    )  # fmt: skip
    wanted = truth("income-credit")["by_month"]["by"]
    agrees(profile, "month", {k: v for k, v in wanted.items() if v["n"]}, "%Y-%m")
    reference = (datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC))
    found = performance(profile, reference=reference, by="week", metrics=["accuracy", "positive_rate"])
    assert [p.provisional for p in found if p.metric == "accuracy"][-4:] == [True] * 4
    bad = performance(
        profile, reference=reference, by="day", metrics=["accuracy", "recall"], window=Slice(version="3.2")
    )
    assert BREACH in {p.status for p in bad}
    last = max(p.end for p in found if p.n)
    assert last > reference[1]


@real
@pytest.mark.reallogs
def test_car_prices_weeks_are_the_truth() -> None:
    folder = DATA / "car-prices"
    quotes = pd.read_csv(folder / "quotes.csv").merge(pd.read_csv(folder / "sold_later.csv"), on="quote_id")
    profile = regressed(
        numbers_of(quotes["quoted"]),
        quotes["offer_eur"].to_numpy(float),
        quotes["sold_for_eur"].to_numpy(float),
    )
    agrees(profile, "week", truth("car-prices")["by_week_starting_monday"]["by"], "%Y-%m-%d")


@real
@pytest.mark.reallogs
def test_card_offers_break_in_november() -> None:
    rows = pd.read_parquet(DATA / "card-offers" / "card_offers.parquet")
    facts = truth("card-offers")
    classes = tuple(sorted(rows["y_true"].unique()))
    profile = classified(
        numbers_of(rows["timestamp"]), rows["y_pred"].map(classes.index).to_numpy(int),
        rows["y_true"].map(classes.index).to_numpy(int), classes=classes, positive=None,
    )  # fmt: skip
    agrees(profile, "month", facts["accuracy_by_month"], "%Y-%m")
    reference = (datetime(2020, 5, 1, tzinfo=UTC), datetime(2020, 9, 1, tzinfo=UTC))
    found = performance(profile, reference=reference, by="month", metrics=["accuracy"])
    assert [p.status for p in found] == [OK] * 6 + [BREACH] * 3


def test_an_empty_profile_has_no_points() -> None:
    none = np.zeros(0, int)
    empty = classified(none, none, none)
    assert performance(empty, reference=REFERENCE) == ()
    assert thresholds(empty, reference=REFERENCE)["accuracy"].source == "none"
    assert (
        performance(regressed(none, none * 1.0, none * 1.0, edges=np.array([0.0])), reference=REFERENCE) == ()
    )


def test_a_reference_that_ends_within_a_day_leaves_that_day_out() -> None:
    later = REFERENCE[1].replace(hour=3)
    profile = weekly([*HEALTHY, 0.1])
    bands = [
        thresholds(profile, reference=(at(0), end), by="week")["accuracy"] for end in (REFERENCE[1], later)
    ]
    assert bands[0] == bands[1]


def test_a_figure_that_cells_may_have_moved_says_so_and_any_other_does_not() -> None:
    rng = np.random.default_rng(3)
    days, predicted, true, score = scored(rng, 28, 100)
    crowded = 0.5001 + (score > 0.5) * 0.2 + score * 1e-4  # two cells hold all of them
    (first, *_) = performance(classified(days, predicted, true, crowded), by="month", metrics=["roc_auc"])
    assert first.bound > 0.05
    assert first.note.endswith(f"Counted in cells: it may be off by up to {first.bound:.2g}.")
    (first, *_) = performance(classified(days, predicted, true, score), by="month", metrics=["roc_auc"])
    assert 0 < first.bound < 0.002
    assert "Counted" not in first.note
    fine = np.geomspace(1e-3, 1e3, 10_000)
    for edges, said in ((np.array([0.0, 1.0, 50.0]), True), (np.r_[-fine[::-1], fine], False)):
        numbers = regressed(days, 10 * score, true.astype(float), edges=edges)
        (first, *_) = performance(numbers, by="month", metrics=["median_absolute_error"])
        assert ("Counted in cells" in first.note) is said


def test_what_decisions_are_worth_has_a_band_only_where_the_owner_said_it() -> None:
    profile = classified(*scored(np.random.default_rng(2), 60, 40))
    reference = (at(0), at(42))
    cost: CostMatrix = {"currency": "EUR", "matrix": {"yes|yes": 10.0, "yes|no": -5.0}}
    usual_bands = thresholds(profile, by="week", reference=reference)
    valued = thresholds(profile, by="week", reference=reference, cost=cost)
    assert "accuracy" in usual_bands
    assert set(valued) - set(usual_bands) == {"value"}
    assert set(usual_bands) <= set(valued)
