"""The samples that are kept for trying the upload, and how they are drawn."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from plumbline.demo.samples import ROWS, write_sample

KEPT = Path(__file__).parents[2] / "data" / "samples"


def test_the_kept_samples_are_small_and_described() -> None:
    files = sorted(KEPT.glob("*.csv"))
    assert len(files) == 4
    assert sum(file.stat().st_size for file in files) < 1_000_000
    readme = (KEPT / "README.md").read_text("utf-8")
    assert all(f"`{file.name}`" in readme for file in files)


def test_the_german_sample_has_semicolons_decimal_commas_and_german_dates() -> None:
    log = pd.read_csv(KEPT / "saas_preise.csv", sep=";", decimal=",", encoding="cp1252")
    assert len(log) == ROWS
    assert log["Preis_Modell"].dtype.kind == "f"
    assert log["Datum"].str.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d").all()


def test_the_shops_outcomes_belong_to_its_sample() -> None:
    log = pd.read_csv(KEPT / "shop_recommendations.csv")
    outcomes = pd.read_csv(KEPT / "shop_outcomes.csv")
    assert len(log) == ROWS
    assert set(outcomes["offer_id"]) <= set(log["offer_id"])
    assert len(outcomes) > 0.95 * len(log)


def test_the_fleet_sample_keeps_every_region_and_both_years() -> None:
    log = pd.read_csv(KEPT / "fleet_forecasts.csv", parse_dates=["made_at"])
    assert log["region"].nunique() == 4
    assert (log["made_at"].max() - log["made_at"].min()).days > 720


def test_a_sample_copies_lines_as_they_are_in_their_order(tmp_path: Path) -> None:
    lines = [f"{i};Öl;1,5\r\n".encode("cp1252") for i in range(5_000)]
    source = tmp_path / "log.csv"
    source.write_bytes(b"id;name;x\r\n" + b"".join(lines))
    header, *kept = write_sample(source, tmp_path / "small.csv", 100).read_bytes().splitlines(keepends=True)
    assert header == b"id;name;x\r\n"
    assert len(kept) == 100
    assert set(kept) <= set(lines)
    places = [int(line.split(b";")[0]) for line in kept]
    assert places == sorted(places)
