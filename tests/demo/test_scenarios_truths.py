"""What was planted in each log, measured from the written files by pandas alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from plumbline.demo.scenarios import DEMO_END, SCENARIOS, ScenarioFiles

Written = Mapping[str, ScenarioFiles]
END = pd.Timestamp(DEMO_END)


@pytest.fixture(scope="module")
def shop(written: Written) -> pd.DataFrame:
    files = written["shop-recommendations"]
    log = pd.read_csv(files.log, parse_dates=["shown_at"])
    return log.merge(pd.read_csv(files.labels, parse_dates=["observed_at"]), on="offer_id", how="left")


@pytest.fixture(scope="module")
def fraud(written: Written) -> pd.DataFrame:
    return pd.read_csv(written["card-fraud"].log, dtype={"model": str}, parse_dates=["ts"])


@pytest.fixture(scope="module")
def triage(written: Written) -> pd.DataFrame:
    return pd.read_csv(written["triage-diagnostics"].log, dtype={"software": str}, keep_default_na=False)


@pytest.fixture(scope="module")
def fleet(written: Written) -> pd.DataFrame:
    log = pd.read_csv(written["fleet-demand"].log, parse_dates=["made_at"])
    log["error"] = log["parcels_forecast"] - log["parcels_came"]
    return log


@pytest.fixture(scope="module")
def credit(written: Written) -> pd.DataFrame:
    dates = ["decided_at", "trained_on", "repaid_known"]
    return pd.read_csv(written["credit-limits"].log, parse_dates=dates)


# ---------------------------------------------------------------- shop-recommendations


def _halves(shop: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    known = shop.dropna(subset="outcome")
    onset = pd.Timestamp(SCENARIOS["shop-recommendations"].truth["onset"], tz="UTC")
    return known[known["shown_at"] < onset], known[known["shown_at"] >= END - pd.Timedelta(days=14)]


def test_the_shop_falls_from_82_to_61_percent(shop: pd.DataFrame) -> None:
    before, after = _halves(shop)
    assert len(shop) == 60_000
    assert (before["recommended"] == before["outcome"]).mean() == pytest.approx(0.82, abs=0.01)
    assert (after["recommended"] == after["outcome"]).mean() == pytest.approx(0.61, abs=0.02)


def test_the_shop_falls_steadily(shop: pd.DataFrame) -> None:
    known = shop.dropna(subset="outcome")
    onset = pd.Timestamp(SCENARIOS["shop-recommendations"].truth["onset"], tz="UTC")
    late = known[known["shown_at"] >= onset]
    fortnight = (late["shown_at"] - onset).dt.days // 14
    course = (late["recommended"] == late["outcome"]).groupby(fortnight).mean()[:6]
    assert (course.diff().dropna() < 0.01).all()


def test_the_shops_revenue_per_taken_offer_falls_by_15_percent(shop: pd.DataFrame) -> None:
    assert shop.loc[shop["outcome"] == "take", "order_eur"].notna().all()
    assert shop.loc[shop["outcome"] != "take", "order_eur"].isna().all()
    means = []
    for part in _halves(shop):
        taken = part[(part["recommended"] == "take") & (part["outcome"] == "take")]
        means.append(taken["order_eur"].mean())
    assert means[1] / means[0] - 1 == pytest.approx(-0.15, abs=0.015)


def test_the_shops_stated_margin_is_15_percent_of_its_average_order(shop: pd.DataFrame) -> None:
    worth = SCENARIOS["shop-recommendations"].settings.cost_matrix
    before, _ = _halves(shop)
    assert worth["matrix"] == {"take|take": pytest.approx(0.15 * before["order_eur"].mean(), rel=0.02)}
    assert "15 %" in worth["reason"]


def test_the_shops_outcomes_come_one_to_four_days_late(shop: pd.DataFrame) -> None:
    known = shop.dropna(subset="outcome")
    delay = (known["observed_at"] - known["shown_at"]) / pd.Timedelta(days=1)
    assert delay.min() >= 1
    assert delay.max() <= 4
    assert known["observed_at"].max() < END


def test_only_the_seasonal_inputs_of_the_shop_change_their_distribution(shop: pd.DataFrame) -> None:
    """The whole distribution, not the mean alone: a spread that shrinks is a change too."""
    scenario = SCENARIOS["shop-recommendations"]
    before, after = _halves(shop)
    inputs = before.select_dtypes("number").columns.drop(["take_probability", "order_eur"])
    moved = {name: ks_2samp(before[name], after[name]).statistic for name in inputs}
    assert {name for name, apart in moved.items() if apart > 0.5} == set(scenario.truth["seasonal"])
    assert all(apart < 0.05 for name, apart in moved.items() if name not in scenario.truth["seasonal"])
    channels = [part["channel"].value_counts(normalize=True) for part in (before, after)]
    assert (channels[0] - channels[1]).abs().max() < 0.03


def test_the_shops_scores_grow_unsure_before_score_and_outcome_relate_anew(shop: pd.DataFrame) -> None:
    known = shop.dropna(subset="outcome")
    onset = pd.Timestamp(SCENARIOS["shop-recommendations"].truth["onset"], tz="UTC")
    p = known["take_probability"]
    gap = p.where(p >= 0.5, 1 - p) - (known["recommended"] == known["outcome"])
    week = (known["shown_at"] - onset).dt.days // 7
    overrated = gap.groupby(week).mean()
    assert (overrated.loc[0:3].abs() < 0.03).all()
    assert (overrated.loc[10:11] > 0.05).all()


# ---------------------------------------------------------------- saas-pricing


def test_pricing_lacks_a_third_of_ids_and_two_thirds_of_versions(written: Written) -> None:
    log = pd.read_csv(written["saas-pricing"].log, sep=";", decimal=",", encoding="cp1252")
    at = pd.to_datetime(log["Datum"], format="%d.%m.%Y %H:%M")
    assert len(log) == 25_000
    assert log["Angebotsnummer"].isna().mean() == pytest.approx(1 / 3, abs=0.01)
    assert log["Modellstand"].isna().mean() == pytest.approx(2 / 3, abs=0.01)
    assert log["Angebotsnummer"].dropna().is_unique
    assert (at.max() - at.min()).days == pytest.approx(270, abs=2)


def test_pricing_is_accurate_all_the_same_and_keeps_no_explanation(written: Written) -> None:
    scenario = SCENARIOS["saas-pricing"]
    log = pd.read_csv(written["saas-pricing"].log, sep=";", decimal=",", encoding="cp1252")
    wrong = (log["Preis_Modell"] - log["Preis_Vertrag"]).abs() / log["Preis_Vertrag"]
    assert wrong.mean() < 0.06
    assert not any(role.startswith("attribution") for role in scenario.mapping.values())
    assert scenario.settings.at_stake["amount"] == 200_000


# ---------------------------------------------------------------- card-fraud


def test_the_bad_release_blocks_40_percent_of_good_payments(fraud: pd.DataFrame) -> None:
    bad = fraud["model"] == "4.2"
    assert len(fraud) == 90_000
    assert (fraud.loc[~bad, "action"] == "block").mean() == pytest.approx(0.011, abs=0.0005)
    good = fraud[bad & (fraud["verdict"] == "pass")]
    assert (good["action"] == "block").mean() == pytest.approx(0.40, abs=0.01)


def test_the_bad_release_lasts_exactly_18_hours_from_nine_on_day_21(fraud: pd.DataFrame) -> None:
    bad = fraud[fraud["model"] == "4.2"]["ts"]
    back = fraud[(fraud["model"] == "4.1") & (fraud["ts"] > bad.min())]["ts"].min()
    first_day = fraud["ts"].min().normalize()
    assert bad.min() == first_day + pd.Timedelta(days=20, hours=9)
    assert back - bad.min() == pd.Timedelta(hours=18)
    assert bad.max() < back


def test_the_inputs_did_not_change_with_the_bad_release(fraud: pd.DataFrame) -> None:
    bad = fraud["model"] == "4.2"
    inputs = fraud.select_dtypes("number").columns.drop("risk")
    moved = (fraud.loc[bad, inputs].mean() - fraud.loc[~bad, inputs].mean()) / fraud.loc[~bad, inputs].std()
    assert moved.abs().max() < 0.1


# ---------------------------------------------------------------- triage-diagnostics

PATIENT = ["age", "temperature", "heart_rate", "oxygen", "pain", "days_ill"]


@pytest.mark.parametrize("by", [PATIENT, [*PATIENT, "software"]], ids=["patient", "patient and version"])
def test_seven_percent_of_repeated_patients_get_another_answer(triage: pd.DataFrame, by: list[str]) -> None:
    groups = triage.groupby(by)["triage"].agg(["size", "nunique"])
    repeated = groups[groups["size"] > 1]
    share = repeated.loc[repeated["nunique"] > 1, "size"].sum() / repeated["size"].sum()
    assert share == pytest.approx(0.07, abs=0.005)


def test_one_site_records_no_version(triage: pd.DataFrame) -> None:
    without = (triage["software"] == "").groupby(triage["site"]).mean()
    assert len(triage) == 20_000
    assert without.to_dict() == {"Aarhus": 0.0, "Brno": 0.0, "Cork": 1.0}


# ---------------------------------------------------------------- fleet-demand


def test_forecasts_run_30_percent_over_by_the_end_and_none_in_the_first_year(fleet: pd.DataFrame) -> None:
    onset = pd.Timestamp(SCENARIOS["fleet-demand"].truth["onset"], tz="UTC")
    before, last = fleet["made_at"] < onset, fleet["made_at"] >= END - pd.Timedelta(days=30)
    bias = {
        name: fleet.loc[rows, "error"].sum()
        / fleet.loc[rows & fleet["parcels_came"].notna(), "parcels_came"].sum()
        for name, rows in (("before", before), ("last", last))
    }
    assert len(fleet) == pytest.approx(45_000, rel=0.01)
    assert bias["before"] == pytest.approx(0, abs=0.01)
    assert bias["last"] == pytest.approx(0.30, abs=0.02)


def test_overcommitted_parcels_cost_two_million_in_all_and_beyond_the_healthy_years(
    fleet: pd.DataFrame,
) -> None:
    scenario = SCENARIOS["fleet-demand"]
    since = fleet["made_at"] >= pd.Timestamp(scenario.truth["onset"], tz="UTC")
    over = fleet["error"].clip(lower=0) * scenario.settings.cost_matrix["over"]
    assert over[since].sum() == pytest.approx(scenario.truth["lost"], rel=0.10)
    excess = (over[since].mean() - over[~since].mean()) * since.sum()
    assert excess == pytest.approx(scenario.truth["lost"], rel=0.10)


def test_the_fleets_cost_a_parcel_is_a_vans_day_by_the_parcels_it_takes() -> None:
    worth = SCENARIOS["fleet-demand"].settings.cost_matrix
    day, parcels = (int(n) for n in re.findall(r"\d+", worth["reason"]))
    assert worth["over"] == day / parcels


def test_the_fleet_was_not_retrained_for_twelve_months(fleet: pd.DataFrame) -> None:
    assert (fleet["made_at"].max() - pd.to_datetime(fleet["last_trained"], utc=True).max()).days >= 365


def test_the_fleets_first_version_kept_its_performance_until_it_was_replaced(fleet: pd.DataFrame) -> None:
    first = fleet[fleet["model_version"] == "2024-10"]
    months = (first["made_at"] - first["made_at"].min()).dt.days // 30
    bias = first["error"].groupby(months).sum() / first["parcels_came"].groupby(months).sum()
    assert (first["made_at"].max() - first["made_at"].min()).days == pytest.approx(350, abs=1)
    assert (bias.abs() < 0.01).all()


def test_the_fleets_errors_follow_an_input_that_moves_and_that_no_version_was_told_of(
    fleet: pd.DataFrame, written: Written
) -> None:
    onset = pd.Timestamp(SCENARIOS["fleet-demand"].truth["onset"], tz="UTC")
    before, after = fleet[fleet["made_at"] < onset], fleet[fleet["made_at"] >= END - pd.Timedelta(days=30)]
    lockers = before["rival_lockers"]
    assert before["error"].abs()[lockers >= 3].mean() > 1.5 * before["error"].abs()[lockers == 0].mean()
    assert after["rival_lockers"].mean() > 10 * lockers.mean()
    for path in written["fleet-demand"].models.values():
        assert "rival_lockers" not in path.read_text("utf-8")


# ---------------------------------------------------------------- credit-limits


def _champion(credit: pd.DataFrame) -> pd.DataFrame:
    return credit[credit["lane"] == "champion"]


def test_credit_is_steady_all_year(credit: pd.DataFrame) -> None:
    known = _champion(credit).dropna(subset="repaid")
    by_month = (
        (known["decision"] == known["repaid"]).groupby(known["decided_at"].dt.month).agg(["mean", "size"])
    )
    whole = (known["decision"] == known["repaid"]).mean()
    chance = 4 * np.sqrt(whole * (1 - whole) / by_month["size"])
    assert ((by_month["mean"] - whole).abs() < chance).all()


def test_each_credit_release_is_retrained_within_a_quarter_and_shadowed_first(credit: pd.DataFrame) -> None:
    champion, shadow = _champion(credit), credit[credit["lane"] == "shadow"]
    starts = champion.groupby("model_version")["decided_at"].min().sort_values()
    trained = champion.groupby("model_version")["trained_on"].agg(["min", "nunique"])
    assert len(starts) == 4
    assert champion["model_version"].notna().all()
    assert (trained["nunique"] == 1).all()
    assert (starts - pd.to_datetime(trained["min"], utc=True)).dt.days.between(0, 92).all()
    for version in starts.index[1:]:
        beside = shadow[shadow["model_version"] == version]["decided_at"]
        assert len(beside) >= 500
        assert beside.max() < starts[version]


@pytest.mark.parametrize("attribute", ["sex", "age_band"])
def test_credit_grants_groups_alike(credit: pd.DataFrame, attribute: str) -> None:
    rates = (_champion(credit)["decision"] == "grant").groupby(credit[attribute]).mean()
    assert rates.min() / rates.max() > 0.9


@pytest.mark.parametrize("attribute", ["sex", "age_band"])
def test_credit_errs_alike_for_all_groups(credit: pd.DataFrame, attribute: str) -> None:
    known = _champion(credit).dropna(subset="repaid")
    for truth, wrong in (("refuse", "grant"), ("grant", "refuse")):
        part = known[known["repaid"] == truth]
        rates = (part["decision"] == wrong).groupby(part[attribute]).mean()
        assert rates.max() - rates.min() < 0.03


def test_credit_answers_the_same_input_alike(credit: pd.DataFrame) -> None:
    inputs = [c.removeprefix("shap_") for c in credit.columns if c.startswith("shap_")]
    groups = _champion(credit).groupby([*inputs, "model_version"])["decision"].agg(["size", "nunique"])
    repeated = groups[groups["size"] > 1]
    assert len(repeated) >= 300
    assert (repeated["nunique"] == 1).all()


def test_credit_has_no_gap_in_time(credit: pd.DataFrame) -> None:
    at = _champion(credit)["decided_at"].sort_values()
    assert at.dt.date.nunique() == 365
    assert at.diff().max() < pd.Timedelta(hours=3)
    assert credit["application"].is_unique


def test_people_overrule_some_credit_decisions(credit: pd.DataFrame) -> None:
    own = _champion(credit)
    assert 0.005 < (own["officer"] != own["decision"]).mean() < 0.10


def test_logged_credit_attributions_add_up_to_the_score_from_one_base_a_version(credit: pd.DataFrame) -> None:
    parts = credit.filter(regex="^shap_").sum(axis=1)
    base = np.log(credit["p_repay"] / (1 - credit["p_repay"])) - parts
    assert base.groupby(credit["model_version"]).agg(np.ptp).max() < 1e-3


# ---------------------------------------------------------------- search-sandbox


def test_the_sandbox_is_declared_one_and_its_log_says_nothing_else(written: Written) -> None:
    scenario = SCENARIOS["search-sandbox"]
    assert len(pd.read_csv(written["search-sandbox"].log)) == 5_000
    assert scenario.context["environment"] == "sandbox"
    assert scenario.context["impact"] == "none"
    assert not {"override", "label_time"} & set(scenario.mapping.values())
