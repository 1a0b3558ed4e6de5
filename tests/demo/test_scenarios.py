"""What every scenario must keep: the same bytes, its end, roles that exist, model files that score as logged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from plumbline.demo.pricing import SECTORS
from plumbline.demo.scenarios import DEMO_END, SCENARIOS, ScenarioFiles
from plumbline.demo.story import DEMO_MOMENT, Scenario
from plumbline.domain import RoleName, Status
from plumbline.governance.catalogue import catalogue
from plumbline.governance.context import check_answer

ALL = [pytest.param(scenario, id=name) for name, scenario in SCENARIOS.items()]


def test_there_are_the_seven_stories() -> None:
    assert set(SCENARIOS) == {
        "shop-recommendations", "saas-pricing", "card-fraud", "triage-diagnostics", "fleet-demand", "credit-limits",
        "search-sandbox",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["search-sandbox", "triage-diagnostics"])
def test_a_scenario_is_the_same_to_the_byte_each_time(
    name: str, written: Mapping[str, ScenarioFiles], tmp_path: Path
) -> None:
    again, before = SCENARIOS[name].write(tmp_path), written[name]
    assert again.log.read_bytes() == before.log.read_bytes()
    assert {v: f.read_bytes() for v, f in again.models.items()} == {
        v: f.read_bytes() for v, f in before.models.items()
    }


@pytest.mark.parametrize("scenario", ALL)
def test_mapped_columns_are_in_the_files_and_have_roles_that_exist(
    scenario: Scenario, written: Mapping[str, ScenarioFiles]
) -> None:
    files = written[scenario.name]
    for path, mapping in ((files.log, scenario.mapping), (files.labels, scenario.labels_mapping)):
        if path is None or mapping is None:
            assert path is None
            assert mapping is None
            continue
        header = path.open("rb").readline().decode("cp1252").replace('"', "").strip()
        assert set(mapping) <= set(header.replace(";", ",").split(","))
        for column, roles in mapping.items():
            for role in roles.split(","):
                RoleName.parse(role, column)


@pytest.mark.parametrize("scenario", ALL)
def test_no_log_goes_past_the_demos_end(scenario: Scenario, written: Mapping[str, ScenarioFiles]) -> None:
    column = next(c for c, role in scenario.mapping.items() if role == "timestamp")
    path = written[scenario.name].log
    if scenario.timezone == "UTC":
        at = pd.to_datetime(pd.read_csv(path, usecols=[column])[column], utc=True)
    else:
        naive = pd.read_csv(path, usecols=[column], sep=";", encoding="cp1252")[column]
        at = pd.to_datetime(naive, format="%d.%m.%Y %H:%M").dt.tz_localize(scenario.timezone, ambiguous="NaT")
    end = pd.Timestamp(DEMO_END)
    assert end - pd.Timedelta(days=2) < at.max() < end
    assert scenario.settings.as_of == DEMO_MOMENT


@pytest.mark.parametrize("scenario", ALL)
def test_what_people_state_is_asked_for_and_holds_at_most_a_year(scenario: Scenario) -> None:
    controls = {control.id for control in catalogue().controls}
    for key, answer in scenario.context.items():
        assert check_answer(key, answer) == answer
    for control, status, statement, owner, at, expires in scenario.attestations:
        assert control in controls
        assert Status(status)
        assert statement
        assert owner
        assert pd.Timestamp(at) < pd.Timestamp(expires) <= pd.Timestamp(at) + pd.DateOffset(years=1)
    for control, reason, approver, until, at in scenario.exemptions:
        assert control in controls
        assert reason
        assert approver
        assert pd.Timestamp(at) < pd.Timestamp(until)


@pytest.mark.parametrize("scenario", ALL)
def test_a_model_file_scores_the_log_as_it_says(
    scenario: Scenario, written: Mapping[str, ScenarioFiles]
) -> None:
    import lightgbm

    files, column = written[scenario.name], {role: c for c, role in scenario.mapping.items()}
    format_: dict[str, Any] = (
        {"sep": ";", "decimal": ",", "encoding": "cp1252"} if scenario.timezone != "UTC" else {}
    )
    log = pd.read_csv(files.log, dtype={column["version"]: str}, **format_)
    if "Branche" in log:
        log["Branche_Code"] = log["Branche"].map({name: i for i, name in enumerate(SECTORS)})
    if "site" in log:
        log = log[log["site"] != "Brno"]  # its device adds to the pulse after it was logged
    classes = [c for role, c in column.items() if role.startswith("proba:")]
    logged = classes or column.get("score", column["prediction"])
    assert files.models
    for version, path in files.models.items():
        model = lightgbm.Booster(model_file=path)
        part = log[log[column["version"]] == version].head(500)
        assert len(part)
        again = model.predict(part[model.feature_name()].to_numpy(float))
        assert np.abs(again - part[logged].to_numpy()).max() < (
            0.06 if logged == column["prediction"] else 1e-5
        )
