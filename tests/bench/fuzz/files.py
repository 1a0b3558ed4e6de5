"""``make bench-fuzz``: broken logs through inspection and load, each in a process of its own forked from a warm one.

Run as ``python -m tests.bench.fuzz.files FOLDER [CASES] [SEED]``. What may happen: the file is loaded, and rows read
are loaded, repeated or in quarantine, the profiles count what is held and quarantine holds what is counted; or it is
refused in one sentence, and nothing is registered. What may not: an exception, a death, more than a minute, more than
2 GB, files left in the inbox. The file of each such case is kept in the folder, by the number that its seed gives.
"""

from __future__ import annotations

import collections
import gzip
import io
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.fuzz.mutations import broken, broken_archive

SECONDS, MEMORY, ROWS = 60.0, 2_000_000, 120
ENDINGS = {"csv": ".csv", "scsv": ".csv", "tsv": ".tsv", "qcsv": ".csv", "jsonl": ".jsonl", "json": ".json",
           "nested": ".jsonl", "arrow": ".arrow", "arrows": ".arrows", "gz": ".csv.gz", "gzpq": ".parquet.gz",
           "zst": ".csv.zst", "xlsx": ".xlsx"}  # fmt: skip


def bases() -> dict[str, bytes]:
    """A sound file of each kind."""
    import pandas as pd
    import pyarrow as pa
    from pyarrow import ipc, parquet

    draw = random.Random(1)
    rows = []
    for i in range(ROWS):
        score = draw.random()
        rows.append({
            "decision_id": f"d{i:05d}",
            "timestamp": f"2026-0{1 + i % 6}-{1 + i % 28:02d}T{i % 24:02d}:{i % 60:02d}:00Z",
            "model_version": "v1" if i < ROWS / 2 else "v2", "score": round(score, 4),
            "prediction": "yes" if score > 0.5 else "no", "label": "yes" if draw.random() < score else "no",
            "age": 20 + i % 50, "income": round(draw.random() * 9e4, 2),
            "region": draw.choice(("north", "south", "east")),
            "sex": draw.choice("fm"), "subject": f"p{i % 40}",
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    wide = table.append_column(
        "nested", pa.array([{"a": i, "b": [1, 2, i]} for i in range(ROWS)])
    ).append_column("gaps", pa.array([None if i % 3 else i * 1.5 for i in range(ROWS)]))

    def packed(write: Callable[[Any], object]) -> bytes:
        out = io.BytesIO()
        write(out)
        return out.getvalue()

    def arrow(new: Callable[..., Any], held: Any) -> bytes:
        out = io.BytesIO()
        with new(out, held.schema) as writer:
            writer.write_table(held)
        return out.getvalue()

    made = {
        "csv": frame.to_csv(index=False).encode(),
        "scsv": frame.to_csv(index=False, sep=";", decimal=",").encode("utf-16"),
        "tsv": frame.to_csv(index=False, sep="\t").encode("cp1252"),
        "qcsv": frame.to_csv(index=False, quoting=1, lineterminator="\r\n").encode("utf-8-sig"),
        "jsonl": frame.to_json(orient="records", lines=True).encode(),
        "json": frame.to_json(orient="records").encode(),
        "nested": "\n".join(
            json.dumps({"id": r["decision_id"], "ts": r["timestamp"], "inputs": {"age": r["age"], "r": [r["region"]]},
                        "scores": [r["score"], 1 - r["score"]], "prediction": r["prediction"], "label": r["label"]})
            for r in rows
        ).encode(),
        "arrow": arrow(ipc.new_file, wide),
        "arrows": arrow(ipc.new_stream, table),
        "xlsx": packed(lambda out: frame.to_excel(out, index=False)),
    }  # fmt: skip
    for kind in ("snappy", "zstd", "none", "gzip"):
        made[f"pq_{kind}"] = packed(
            lambda out, kind=kind: parquet.write_table(table, out, compression=kind, row_group_size=50)
        )
    made["pq_nested"] = packed(lambda out: parquet.write_table(wide, out))
    made["gz"], made["gzpq"] = gzip.compress(made["csv"], mtime=0), gzip.compress(made["pq_snappy"], mtime=0)
    made["zst"] = pa.compress(made["csv"], codec="zstd", asbytes=True)
    return made


def case_of(number: int, seed: int, sound: dict[str, bytes]) -> tuple[str, bytes]:
    """The kind and the body of one case; the first of each kind are sound."""
    names = sorted(sound)
    draw, name = random.Random(f"{seed} {number}"), names[number % len(names)]
    if number < len(names):
        return name, sound[name]
    others = list(sound.values())
    if name == "xlsx" and draw.random() < 0.7:
        return name, broken_archive(draw, sound[name], others)
    if name in ("gz", "gzpq") and draw.random() < 0.6:
        inner = sound["csv" if name == "gz" else "pq_snappy"]
        return name, gzip.compress(broken(draw, inner, others), mtime=0)
    return name, broken(draw, sound[name], others)


def _fault_of(path: Path, workspace: Path) -> tuple[str, str]:
    """(how it ended, what is wrong) of one file."""
    from plumbline.answers.data.load import inspect_file, load_file
    from plumbline.domain import PlumblineError
    from plumbline.store.workspace import open_workspace

    ws = open_workspace(workspace, read_from=[path.parent], memory_limit="800MB")
    try:
        try:
            inspect_file(path, ws=ws)
        except PlumblineError as error:
            if "\n" in str(error):
                return "refused", "more than one line"
        try:
            load = load_file(ws, path, title="fuzz", actor="fuzz", timezone="UTC", date_order="dmy")
        except PlumblineError as error:
            with ws.read() as cursor:
                registered = cursor.execute("SELECT count(*) FROM load").fetchone()
            wrong = (
                "more than one line"
                if "\n" in str(error)
                else "a load is registered"
                if registered != (0,)
                else ""
            )
            return "refused", wrong
        with ws.read() as cursor:
            counts = [
                (cursor.execute(sql).fetchone() or (0,))[0]
                for sql in ("SELECT count(*) FROM decision_fuzz",
                            "SELECT coalesce(sum(n), 0)::BIGINT FROM profile_hour",
                            "SELECT count(*) FROM quarantine")
            ]  # fmt: skip
        settled = load.rows_read == load.rows_loaded + load.rows_duplicate + load.rows_quarantined
        balanced = settled and counts == [load.rows_loaded, load.rows_loaded, load.rows_quarantined]
        left = [item.name for item in ws.inbox.iterdir()]
        return (
            "loaded",
            "the counts do not add up" if not balanced else f"left in the inbox: {left[0]}" if left else "",
        )
    except BaseException:
        return "failed", traceback.format_exc()[-1500:]
    finally:
        ws.close()


def _run(path: Path, workspace: Path) -> tuple[str, str]:
    """The same in a process forked from this warm one, with bounds on time and memory."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.write(send, json.dumps(_fault_of(path, workspace)).encode())
        os._exit(0)
    os.close(send)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        done, status, used = os.wait4(child, os.WNOHANG)
        if done:
            with os.fdopen(receive, "rb") as reply:
                said = reply.read()
            how, wrong = json.loads(said) if said else ("died", f"status {status}")
            return how, wrong or (f"{used.ru_maxrss // 1000} MB" if used.ru_maxrss > MEMORY else "")
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.wait4(child, 0)
    os.close(receive)
    return "hung", f"more than {SECONDS:.0f} s"


def main(folder: Path, cases: int, seed: int) -> int:
    """Run the cases and print what became of them; the number of those that went wrong."""
    import plumbline.answers.alerts.check
    import plumbline.answers.data.load
    import plumbline.profile.build  # noqa: F401 - each fork would import them again

    folder.mkdir(parents=True, exist_ok=True)
    sound = bases()
    ends: collections.Counter[str] = collections.Counter()
    wrong = 0
    for number in range(cases):
        kind, body = case_of(number, seed, sound)
        ending = ENDINGS.get(kind, ".parquet")
        with tempfile.TemporaryDirectory(dir=folder) as place:
            path = Path(place) / "in" / f"case{ending}"
            path.parent.mkdir()
            path.write_bytes(body)
            how, fault = _run(path, Path(place) / "w.duckdb")
        ends[how] += 1
        if fault:
            wrong += 1
            (folder / f"{number}{ending}").write_bytes(body)
            print(f"case {number} ({kind}): {how}: {fault}", flush=True)
        if number % 500 == 499:
            print(f"{number + 1} cases: {dict(ends)}, {wrong} wrong", flush=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1000
    print(json.dumps({"cases": cases, "seed": seed, **ends, "wrong": wrong, "peak_mb": peak}))
    return wrong


if __name__ == "__main__":
    where, count, seed_given = [*sys.argv[1:], *("10000", "1")[len(sys.argv) - 2 :]]
    sys.exit(min(1, main(Path(where), int(count), int(seed_given))))
