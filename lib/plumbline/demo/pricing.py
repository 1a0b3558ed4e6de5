"""A pricing model sold to a regulated buyer: accurate, and without the records that the buyer asks for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from plumbline.demo.story import DEMO_MOMENT, Scenario, ScenarioFiles, keep, random_stream, times, train
from plumbline.domain import Settings, Task

DAYS, ROWS = 270, 25_000
SECTORS = np.array(["Handel", "Industrie", "Gesundheit", "Bildung", "Öffentlich"], dtype=object)


def write(folder: Path, seed: int = 0) -> ScenarioFiles:
    """Write the log as a German ERP exports it: semicolons, decimal commas, DD.MM.YYYY."""
    import pandas as pd

    rng = random_stream(20260202, seed)

    def offers(n: int) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "Nutzer": np.round(rng.lognormal(3.4, 0.8, n)), "Laufzeit_Monate": rng.choice([12, 24, 36], n).astype(float),
                "Speicher_GB": rng.choice([50, 100, 250, 500, 1000], n).astype(float),
                "Supportstufe": rng.integers(1, 4, n).astype(float), "Branche_Code": rng.integers(0, 5, n).astype(float),
                "Rabatt_Prozent": np.round(rng.gamma(2, 4, n), 1),
            }
        )  # fmt: skip

    def true_value(x: pd.DataFrame) -> np.ndarray:
        base = 9.5 * x["Nutzer"] * (1 - x["Rabatt_Prozent"] / 100) * (1.12 - 0.004 * x["Laufzeit_Monate"])
        return np.asarray(
            base + 0.35 * x["Speicher_GB"] + 60 * x["Supportstufe"] + 15 * x["Branche_Code"], float
        )

    learnt = offers(15_000)
    model = train(learnt, true_value(learnt) * rng.normal(1, 0.05, len(learnt)), "regression", trees=120)
    x, at = offers(ROWS), times(rng, DAYS, ROWS)
    price = np.round(model.predict(x), 2)
    agreed = np.round(true_value(x) * rng.normal(1, 0.05, ROWS), 2)
    frame = pd.DataFrame({"Angebotsnummer": [f"AN-{i:06d}" for i in range(ROWS)]}, dtype=object)
    frame.loc[rng.random(ROWS) < 1 / 3, "Angebotsnummer"] = ""
    frame["Datum"] = pd.Series(at).dt.strftime("%d.%m.%Y %H:%M")
    frame["Modellstand"] = np.where(rng.random(ROWS) < 2 / 3, "", "2.3")
    frame["Preis_Modell"], frame["Preis_Vertrag"] = price, agreed
    frame["Branche"] = SECTORS[x["Branche_Code"].astype(int)]
    frame = pd.concat([frame, x.drop(columns="Branche_Code")], axis=1)
    path = folder / "saas_preise.csv"
    frame.to_csv(path, sep=";", decimal=",", index=False, encoding="cp1252", lineterminator="\r\n")
    return ScenarioFiles(path, None, {"2.3": keep(model, folder, "saas_model_2.3.txt")})


SCENARIO = Scenario(
    name="saas-pricing", title="SaaS pricing", task=Task.REGRESSION, write=write,
    timezone="Europe/Berlin",
    mapping={
        "Angebotsnummer": "decision_id", "Datum": "timestamp", "Modellstand": "version", "Preis_Modell": "prediction",
        "Preis_Vertrag": "label", "Branche": "feature,segment:Branche",
    },
    context={
        "environment": "production", "impact": "pricing", "harm": "yes", "oversight": "sometimes", "critical": "yes",
        "regulated_buyers": "yes", "financial_entity": "no", "interactions_per_month": "4000",
    },
    settings=Settings(
        as_of=DEMO_MOMENT,
        at_stake={
            "amount": 200_000, "currency": "EUR",
            "sentence": "EUR 200,000: a contract with a bank waits for the vendor review, which asks for an audit trail.",
        },
    ),
    attestations=(
        ("CMP-7", "pass", "Owned by the head of pricing.", "Jonas Weber", "2026-06-01", "2027-05-31"),
        ("REL-7", "pass", "Training code, data and parameters are kept by the team.", "Jonas Weber", "2026-06-01", "2027-05-31"),
    ),
    registers=False,  # the file takes the sector as a number that the export does not carry: nobody can explain by it
    truth={"without_id": 1 / 3, "without_version": 2 / 3, "mape": 0.05, "deal": 200_000},
)  # fmt: skip
