"""``make bench-fuzz``: broken model files through the code that reads them, every twentieth in real child processes.

Run as ``python -m tests.bench.fuzz.models FOLDER [CASES] [SEED]``. Each file is answered, or refused in one line,
within five seconds; anything else is told, and the file kept in the folder.
"""

from __future__ import annotations

import collections
import json
import random
import sys
import time
from pathlib import Path

import numpy as np

from tests.bench.fuzz.mutations import broken, broken_archive

SECONDS, REAL = 5.0, 20


def bases(inputs: np.ndarray, labels: np.ndarray) -> dict[str, bytes]:
    """A sound file of each kind of model."""
    import lightgbm
    import skl2onnx
    import xgboost
    from sklearn import ensemble, linear_model
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from skops.io import dumps

    forest = ensemble.RandomForestClassifier(3, max_depth=3).fit(inputs, labels)
    settings = {"objective": "binary", "verbose": -1, "num_leaves": 4, "num_threads": 1}
    boosted = xgboost.train(
        {"objective": "binary:logistic", "nthread": 1}, xgboost.DMatrix(inputs, labels), 3
    )
    form = [("x", skl2onnx.common.data_types.FloatTensorType([None, inputs.shape[1]]))]
    linear = make_pipeline(StandardScaler(), linear_model.LogisticRegression()).fit(inputs, labels)
    return {
        "lightgbm": lightgbm.train(settings, lightgbm.Dataset(inputs, labels), 3).model_to_string().encode(),
        "xgboost_json": bytes(boosted.save_raw("json")),
        "xgboost_ubj": bytes(boosted.save_raw("ubj")),
        "skops_forest": dumps(forest),
        "skops_linear": dumps(linear),
        "onnx": skl2onnx.convert_sklearn(forest, initial_types=form).SerializeToString(),
    }


def case_of(number: int, seed: int, sound: dict[str, bytes]) -> tuple[str, bytes]:
    """The kind and the body of one case."""
    names = sorted(sound)
    draw, name = random.Random(f"{seed} {number}"), names[number % len(names)]
    others = list(sound.values())
    if name.startswith("skops") and draw.random() < 0.75:
        return name, broken_archive(draw, sound[name], others, numbers=True)
    return name, broken(draw, sound[name], others, numbers=True)


def _ended(body: bytes, inputs: np.ndarray, *, real: bool) -> tuple[str, str]:
    """(how it ended, what is wrong)."""
    from plumbline.domain import PlumblineError
    from plumbline.explain.sandbox import child
    from plumbline.explain.sandbox.call import explain_rows

    try:
        if real:
            explain_rows(body, inputs[:3], background=inputs[10:18])
            return "answered", ""
        said, _ = child.reply({"task": "explain"}, body, inputs[:3], inputs[10:18])
        if said["ok"]:
            return "answered", ""
        return "refused", "more than one line" if "\n" in said["what"] else ""
    except PlumblineError as error:
        return "refused", "more than one line" if "\n" in str(error) else ""
    except BaseException as error:
        return "failed", f"{type(error).__name__}: {error}"[:300]


def main(folder: Path, cases: int, seed: int) -> int:
    """Run the cases and print what became of them; the number of those that went wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(4)
    inputs = draw.normal(size=(80, 4))
    sound = bases(inputs, inputs[:, 0] + inputs[:, 1] > 0)
    ends: collections.Counter[str] = collections.Counter()
    wrong = 0
    for number in range(cases):
        kind, body = case_of(number, seed, sound)
        begun, real = time.process_time(), number % REAL == 0
        how, fault = _ended(body, inputs, real=real)
        took = time.process_time() - begun
        fault = fault or (f"{took:.1f} s" if took > SECONDS else "")
        ends[how] += 1
        if fault:
            wrong += 1
            (folder / f"{number}.{kind}").write_bytes(body)
            print(f"case {number} ({kind}): {how}: {fault}", flush=True)
    print(json.dumps({"cases": cases, "seed": seed, **ends, "wrong": wrong}))
    return wrong


if __name__ == "__main__":
    where, count, seed_given = [*sys.argv[1:], *("2000", "1")[len(sys.argv) - 2 :]]
    sys.exit(min(1, main(Path(where), int(count), int(seed_given))))
