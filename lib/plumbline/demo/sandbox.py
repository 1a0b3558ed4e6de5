"""An internal search experiment that no customer sees: exempt, with the boundary stated."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from plumbline.demo.story import (
    DEMO_MOMENT,
    Scenario,
    ScenarioFiles,
    keep,
    random_stream,
    times,
    train,
    write_csv,
)
from plumbline.domain import Settings, Task

DAYS, ROWS = 61, 5_000
INTENTS = np.array(["buy", "compare", "help", "leave"], dtype=object)


def write(folder: Path, seed: int = 0) -> ScenarioFiles:
    """Write the log; answers were judged by the team when they ran it."""
    import pandas as pd

    rng = random_stream(20260901, seed)

    def queries(n: int) -> pd.DataFrame:
        return pd.DataFrame(
            {"words": rng.poisson(3, n) + 1.0, "seconds_on_page": np.round(rng.gamma(2, 20, n)),
             "clicks": rng.poisson(2, n).astype(float), "returning": (rng.random(n) < 0.4).astype(float)}
        )  # fmt: skip

    def intent(x: pd.DataFrame) -> np.ndarray:
        pull = np.stack(
            [x["clicks"] * 0.9, x["words"] * 0.6, x["seconds_on_page"] * 0.03, 1.5 - x["clicks"] * 0.5]
        )
        return np.asarray((pull + rng.gumbel(0, 0.5, pull.shape)).argmax(axis=0))

    learnt = queries(6_000)
    model = train(learnt, intent(learnt), "multiclass", trees=40, num_class=4)
    x = queries(ROWS)
    proba = model.predict(x)
    log = pd.DataFrame(
        {"query": [f"Q{i:05d}" for i in range(ROWS)], "time": times(rng, DAYS, ROWS), "build": "exp-3",
         "intent": INTENTS[proba.argmax(axis=1)],
         **{f"p_{name}": np.round(proba[:, i], 5) for i, name in enumerate(INTENTS)},
         "judged": INTENTS[intent(x)], **x}
    )  # fmt: skip
    return ScenarioFiles(
        write_csv(log, folder / "search_sandbox.csv"),
        None,
        {"exp-3": keep(model, folder, "search_model_exp-3.txt")},
    )


SCENARIO = Scenario(
    name="search-sandbox", title="Search sandbox", task=Task.MULTICLASS, write=write,
    mapping={
        "query": "decision_id", "time": "timestamp", "build": "version", "intent": "prediction", "judged": "label",
        **{f"p_{name}": f"proba:{name}" for name in INTENTS},
    },
    context={
        "environment": "sandbox", "impact": "none", "harm": "no", "oversight": "always", "critical": "no",
        "regulated_buyers": "no", "financial_entity": "no", "interactions_per_month": "400000", "exemption": "none",
    },
    settings=Settings(as_of=DEMO_MOMENT),
    truth={"verdict": "EXEMPT"},
)  # fmt: skip
