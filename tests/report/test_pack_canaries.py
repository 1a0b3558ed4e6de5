"""No secret and no person's value reaches an evidence pack, whatever channels, triggers and incidents there are."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path

import pytest

from plumbline.answers.alerts.incidents import open_incident
from plumbline.answers.data.load import load_file
from plumbline.answers.respond import channels
from plumbline.answers.respond.outbox import ADDRESS
from plumbline.answers.respond.retraining.triggers import add_trigger
from plumbline.answers.respond.retraining.work import send_test
from plumbline.answers.respond.rollback.mode import set_mode
from plumbline.answers.statements import change_settings, save_context
from plumbline.domain.respond import Mode, RetrainingTrigger
from plumbline.report.material import gather
from plumbline.report.pack import evidence_pack
from plumbline.store.workspace import Workspace
from tests.respond.receiver import answer_with, receiver

SECRET = "whsec_" + base64.b64encode(b"canary of a secret key, 32 bytes").decode()
#: values of a person that stand in the log alone
PERSONAL = ("canary.person@example.org", "DE89370400440532013000")


def log(folder: Path) -> Path:
    lines = ["id,time,version,score,prediction,label,customer,iban,x"]
    for i in range(600):
        right = i % 10 < (9 if i < 400 else 4)
        said = "yes" if i % 2 else "no"
        true = said if right else ("no" if said == "yes" else "yes")
        who = PERSONAL if i == 599 else (f"p{i}@example.org", "DE02120300000000202051")
        at = f"2026-{3 + i // 200:02d}-{1 + (i % 200) // 8:02d}T{i % 24:02d}:10:00Z"
        lines.append(f"D{i},{at},1.0,{0.9 if said == 'yes' else 0.1},{said},{true},{who[0]},{who[1]},{i % 7}")
    path = folder / "log.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def packed(ws: Workspace) -> bytes:
    """Every file of a pack, its names and the files inside its files."""
    whole = b""
    with zipfile.ZipFile(io.BytesIO(evidence_pack(gather(ws, "shop"), "en"))) as pack:
        for name in pack.namelist():
            content = pack.read(name)
            whole += name.encode() + content
            if zipfile.is_zipfile(io.BytesIO(content)):  # a workbook
                with zipfile.ZipFile(io.BytesIO(content)) as inside:
                    whole += b"".join(inside.read(one) for one in inside.namelist())
    return whole


def test_no_secret_and_no_person_s_value_is_in_a_pack(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = workspace
    load_file(
        ws, log(tmp_path), title="shop", positive="yes", actor="test",
        maps=[("customer", "subject"), ("iban", "ignore")],
    )  # fmt: skip
    change_settings(ws, "shop", {"personal_data": ["subject"]}, by="test")
    save_context(ws, "shop", {"environment": "production", "impact": "pricing"}, by="test")
    monkeypatch.setenv("HOOK_KEY", SECRET)
    monkeypatch.setenv(ADDRESS, "https://plumbline.example.org")
    with receiver(answer_with(200, b'{"run": "job-1"}')) as own:
        channels.add(ws, "ops", own.url, by="Ada", secret="HOOK_KEY", allow_inner=True)
        assert channels.send_test(ws, "ops", by="Ada").sent
        item = RetrainingTrigger(
            system="shop", name="retrain", url=f"{own.url}/hook", secret_env="HOOK_KEY", allow_inner=True
        )
        add_trigger(ws, item, by="Ada")
        send_test(ws, "shop", "retrain", by="Ada")
        hand = {"url": f"{own.url}/traffic", "secret_env": "HOOK_KEY", "allow_inner": True}
        set_mode(ws, "shop", Mode.PROPOSE, by="Ada", hand=hand)
    open_incident(ws, "shop", "Good payments were blocked", by="Ada")
    with ws.read() as cursor:  # what signs links to acknowledge by, where there are any
        kept = cursor.execute("SELECT body FROM respond_setting WHERE name = 'link key'").fetchone()
    found = packed(ws)
    assert b"Good payments were blocked" in found  # what belongs there is there
    for canary in (SECRET, *PERSONAL, *([kept[0].strip('"')] if kept else [])):
        assert canary.encode() not in found, canary
