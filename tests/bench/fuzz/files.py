"""``make bench-fuzz``: broken logs through inspection and load.

Run as ``python -m tests.bench.fuzz.files FOLDER [CASES] [SEED]``. What may happen: the file is loaded, and rows read
are loaded, repeated or in quarantine, the profiles count what is held and quarantine holds what is counted; or it is
refused in one sentence, and nothing is registered. What may not: an exception, a death, more than a minute of this
process's time or ten on the clock, more than 2 GB, files left in the inbox. The file of each such case is kept in the
folder, by the number that its seed gives.
"""

from __future__ import annotations

import collections
import gzip
import io
import json
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.fuzz.mutations import broken, broken_archive

SECONDS, MEMORY, ROWS = 60, 2_000_000, 120
#: how much longer a case may take on the clock of a busy machine
BUSY = 10
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
        "xlsx": _undated(packed(lambda out: frame.to_excel(out, index=False))),
    }  # fmt: skip
    for kind in ("snappy", "zstd", "none", "gzip"):
        made[f"pq_{kind}"] = packed(
            lambda out, kind=kind: parquet.write_table(table, out, compression=kind, row_group_size=50)
        )
    made["pq_nested"] = packed(lambda out: parquet.write_table(wide, out))
    made["gz"], made["gzpq"] = gzip.compress(made["csv"], mtime=0), gzip.compress(made["pq_snappy"], mtime=0)
    made["zst"] = pa.compress(made["csv"], codec="zstd", asbytes=True)
    return made


def _undated(book: bytes) -> bytes:
    """A workbook without the time at which it was made, so that a seed gives its cases again."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as archive, zipfile.ZipFile(out, "w") as made:
        for name in archive.namelist():
            body = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2026-01-01T00:00:00Z", archive.read(name))
            made.writestr(zipfile.ZipInfo(name), body, zipfile.ZIP_DEFLATED)
    return out.getvalue()


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


def _late(*_: object) -> None:
    raise TimeoutError(f"more than {SECONDS:.0f} s")


def run_case(body: bytes, ending: str, folder: Path) -> tuple[str, str]:
    """(how it ended, what is wrong) of one body, in a workspace of its own, with a bound on time and memory."""
    for late in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(late, _late)
    signal.alarm(BUSY * SECONDS)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            path = Path(place) / "in" / f"case{ending}"
            path.parent.mkdir()
            path.write_bytes(body)
            how, fault = _fault_of(path, Path(place) / "w.duckdb")
    except TimeoutError as error:  # as the workspace was closed, or the folder emptied
        how, fault = "failed", str(error)
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return how, fault or (f"{peak // 1000} MB" if peak > MEMORY else "")


def work(folder: Path, numbers: range, seed: int) -> None:
    """Run some cases in this process, and say of each on a line when it begins and how it ended."""
    sound = bases()
    for number in numbers:
        kind, body = case_of(number, seed, sound)
        ending = ENDINGS.get(kind, ".parquet")
        print(json.dumps([number, kind]), flush=True)
        how, fault = run_case(body, ending, folder)
        if fault:
            (folder / f"{number}{ending}").write_bytes(body)
        print(json.dumps([number, kind, how, fault]), flush=True)


def main(folder: Path, cases: int, seed: int) -> int:
    """Run the cases in a process beside this one, begun anew after a case that ends it; the number that went wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    ends: collections.Counter[str] = collections.Counter()
    wrong = first = 0
    while first < cases:
        command = [
            sys.executable,
            "-m",
            "tests.bench.fuzz.files",
            str(folder),
            str(cases),
            str(seed),
            str(first),
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            begun: list[Any] = []
            for line in process.stdout or ():
                begun, (number, kind, *end) = [], json.loads(line)
                if not end:
                    begun = [number, kind]
                    continue
                first = number + 1
                ends[end[0]] += 1
                if end[1]:
                    wrong += 1
                    print(f"case {number} ({kind}): {end[0]}: {end[1]}", flush=True)
                if first % 500 == 0:
                    print(f"{first} cases: {dict(ends)}, {wrong} wrong", flush=True)
        if begun:
            first = begun[0] + 1
            ends["died"] += 1
            wrong += 1
            print(f"case {begun[0]} ({begun[1]}): the process ended with {process.returncode}", flush=True)
        elif process.returncode:
            raise SystemExit(f"the cases cannot be run: exit {process.returncode}")
    print(json.dumps({"cases": cases, "seed": seed, **ends, "wrong": wrong}))
    return wrong


if __name__ == "__main__":
    where, count, seed_given, *begin = [*sys.argv[1:], *("10000", "1")[len(sys.argv) - 2 :]]
    if begin:
        work(Path(where), range(int(begin[0]), int(count)), int(seed_given))
    else:
        sys.exit(min(1, main(Path(where), int(count), int(seed_given))))
