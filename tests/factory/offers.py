"""Nine weeks of offers, with formulas and markup in names and cells."""

from __future__ import annotations

import csv
import io
import random

FORMULA = "=HYPERLINK(1)"


def rows() -> str:
    """Nine weeks of decisions whose accuracy falls in the last three."""
    draw = random.Random(5)
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(["id", "time", "version", "score", "prediction", "label", FORMULA, "channel"])
    for i in range(1800):
        day = i * 63 // 1800
        truth = draw.random() < 0.5
        right = draw.random() < (0.85 if day < 42 else 0.6)
        said = truth if right else not truth
        score = draw.uniform(0.55, 0.95) if said else draw.uniform(0.05, 0.45)
        at = f"2026-{3 + (day + 1) // 32:02d}-{(day % 31) + 1:02d}T{i % 24:02d}:15:00Z"
        write.writerow(
            [f"D{i:05d}", at, "1.0", f"{score:.4f}", *("yes" if v else "no" for v in (said, truth)),
             f"{draw.gauss(0, 1):.3f}", draw.choice(["web", '<img src=x onerror="a()">', "@SUM(1)"])]
        )  # fmt: skip
    return out.getvalue()
