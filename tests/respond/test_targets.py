"""What each kind of target is asked, and what its answer is taken for; over real HTTP on loopback."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from plumbline.domain import PlumblineError
from plumbline.domain.respond import RetrainingTrigger
from plumbline.respond import operator_commands, signature, targets
from plumbline.respond.start import ask, start
from tests.respond.receiver import answer_with, receiver

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
KEY = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="


def trigger(url: str, **more: object) -> RetrainingTrigger:
    return RetrainingTrigger(system="s", name="t", url=url, allow_inner=True, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "kind", "address"),
    [
        ("https://ci.example/hook?key=1", "webhook", "https://ci.example/hook?key=1"),
        ("github:acme/models", "github", "https://api.github.com/repos/acme/models"),
        ("github+https://git.example/api/v3/repos/a/b", "github", "https://git.example/api/v3/repos/a/b"),
        ("gitlab:ml/credit@main", "gitlab", "https://gitlab.com/api/v4/projects/ml%2Fcredit"),
        (
            "gitlab+https://git.example/api/v4/projects/7?ref=main",
            "gitlab",
            "https://git.example/api/v4/projects/7",
        ),
        (
            "airflow+https://flow.example/api/v2/dags/train/",
            "airflow",
            "https://flow.example/api/v2/dags/train",
        ),
        ("command:retrain", "command", ""),
    ],
)
def test_a_target_is_read(url: str, kind: str, address: str) -> None:
    found = targets.target(url)
    assert (found.kind, found.address) == (kind, address)
    assert "key=1" not in found.public_address


@pytest.mark.parametrize(
    "url",
    ["", "retrain.sh", "/bin/sh", "command:../x y", "github:acme", "gitlab:7", "gitlab+https://git.example/api/v4/projects/7",
     "https://me:secret@ci.example/", "ftp://x/y", "airflow+file:///etc/passwd", "https://[bad"],
)  # fmt: skip
def test_what_is_no_target_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(PlumblineError) as told:
        targets.target(url)
    assert "secret" not in str(told.value)


def test_a_webhook_is_signed_and_its_run_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_KEY", KEY)
    with receiver(answer_with(202, b'{"run": "job-7", "status_url": "/jobs/7"}')) as got:
        receipt = start(trigger(f"{got.url}/hook?token=abc", secret_env="HOOK_KEY"), "rtr_1", {"id": "rtr_1"})
        assert (receipt.ok, receipt.status, receipt.run) == (True, 202, "job-7")
        assert receipt.follow == f"{got.url}/jobs/7"
        assert "abc" not in receipt.where
        asked = got.came[0]
        sent = datetime.fromtimestamp(int(asked.headers["webhook-timestamp"]), UTC)
        expected = signature.headers("rtr_1", sent, asked.body, signature.parse_keys(KEY))
        assert asked.headers["webhook-signature"] == expected["webhook-signature"]
        assert asked.headers["webhook-id"] == "rtr_1"
        got.answer = answer_with(200, b'{"status": "succeeded"}')
        assert ask(trigger(f"{got.url}/hook", secret_env="HOOK_KEY"), "rtr_1", receipt.follow) == ("done", "")


def test_a_status_address_elsewhere_is_not_followed() -> None:
    aim = targets.target("https://ci.example/hook")
    for where in ("http://169.254.169.254/latest", "https://other.example/x", "//other.example/x"):
        assert targets.receipt(aim, "r", AT, status=202, text="{}", location=where).follow == ""


def test_github_is_asked_to_dispatch_and_the_run_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GH", "ghp_canary")
    with receiver(answer_with(204, b"")) as got:
        aim = trigger(f"github+{got.url}/repos/acme/models", secret_env="GH")
        receipt = start(aim, "rtr_2", {"system": "s"})
        assert (receipt.ok, receipt.run) == (True, "")
        asked = got.came[0]
        assert asked.path == "/repos/acme/models/dispatches"
        assert asked.headers["authorization"] == "Bearer ghp_canary"
        body = json.loads(asked.body)
        assert body["event_type"] == "plumbline-retraining"
        assert len(body["client_payload"]) <= 10  # GitHub takes no more
        runs = {"workflow_runs": [{"id": 99, "status": "in_progress", "conclusion": None}]}
        got.answer = answer_with(200, json.dumps(runs).encode())
        assert ask(aim, "rtr_2", receipt.follow) == ("running", "99")
        assert "event=repository_dispatch" in got.came[1].path
        assert "canary" not in repr(receipt)


def test_gitlab_starts_a_pipeline_by_a_trigger_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GL", "glptt-canary")
    with receiver(answer_with(201, b'{"id": 257, "status": "created"}')) as got:
        receipt = start(
            trigger(f"gitlab+{got.url}/api/v4/projects/7?ref=main", secret_env="GL"), "rtr_3", {"a": 1}
        )
        assert (receipt.ok, receipt.run) == (True, "257")
        form = parse_qs(got.came[0].body.decode())
        assert (form["token"], form["ref"]) == (["glptt-canary"], ["main"])
        assert form["variables[PLUMBLINE_RUN]"] == ["rtr_3"]
        assert got.came[0].path == "/api/v4/projects/7/trigger/pipeline"


def test_airflow_begins_once_however_often_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AF", "ana:pass")
    with receiver(answer_with(200, b'{"dag_run_id": "rtr_4", "state": "queued"}')) as got:
        aim = trigger(f"airflow+{got.url}/api/v2/dags/train", secret_env="AF")
        first = start(aim, "rtr_4", {"a": 1})
        got.answer = answer_with(409, b'{"title": "Conflict"}')
        again = start(aim, "rtr_4", {"a": 1})
        assert (first.ok, again.ok, first.run, again.run) == (True, True, "rtr_4", "rtr_4")
        body = json.loads(got.came[0].body)
        assert (body["dag_run_id"], body["logical_date"]) == ("rtr_4", None)
        assert got.came[0].headers["authorization"].startswith("Basic ")
        got.answer = answer_with(200, b'{"dag_run_id": "rtr_4", "state": "failed"}')
        assert ask(aim, "rtr_4", first.follow)[0] == "failed"


@pytest.mark.parametrize(
    "text", ['{"run": "' + "x" * 200 + '"}', '{"run": "a b\\nc"}', '{"run": true}', "[]", "no json"]
)
def test_an_id_that_is_none_is_not_taken_for_one(text: str) -> None:
    receipt = targets.receipt(targets.target("https://ci.example/"), "r", AT, status=200, text=text)
    assert (receipt.ok, receipt.run) == (True, "")


def test_a_target_that_refuses_or_is_not_there_gives_a_receipt_that_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with receiver(answer_with(503)) as got:
        refused = start(trigger(got.url), "r", {})
    assert (refused.ok, refused.status) == (False, 503)
    gone = start(trigger(got.url), "r", {})
    assert (gone.ok, gone.status) == (False, None)
    assert "connection" in gone.text
    assert "not set" in start(trigger("https://ci.example/", secret_env="NOT_THERE"), "r", {}).text
    outside = RetrainingTrigger(system="s", name="t", url="http://127.0.0.1:9/")
    assert not start(outside, "r", {}).ok


def test_only_listed_commands_are_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "train.sh"
    script.write_text('read -r line; echo "job-$PLUMBLINE_RUN"; echo "$line" > "$1"; env > "$2"\n')
    listing = tmp_path / "commands.toml"
    listing.write_text(f'retrain = ["/bin/sh", "{script}", "{tmp_path}/got", "{tmp_path}/env"]\n')
    monkeypatch.setenv("PLUMBLINE_KEY", "canary")
    environment = {
        "PLUMBLINE_TRIGGER_COMMANDS": str(listing),
        "PATH": "/usr/bin:/bin",
        "PLUMBLINE_KEY": "canary",
    }
    done = operator_commands.start("retrain", "rtr_5", {"system": "s; rm -rf /"}, environment=environment)
    assert (done.ok, done.run, done.status) == (True, "job-rtr_5", 0)
    assert json.loads((tmp_path / "got").read_text()) == {"system": "s; rm -rf /"}
    assert "canary" not in (tmp_path / "env").read_text()
    other = operator_commands.start("rm", "r", {}, environment=environment)
    assert (other.ok, "lists no command" in other.text) == (False, True)


def test_a_list_of_commands_in_a_variable_is_split_as_a_shell_would_and_run_without_one() -> None:
    held = {"PLUMBLINE_TRIGGER_COMMANDS": "a=/bin/echo 'x y' $(id); b=/bin/false"}
    assert operator_commands.allowed_commands(held) == {
        "a": ("/bin/echo", "x y", "$(id)"),
        "b": ("/bin/false",),
    }
    assert operator_commands.start("b", "r", {}, environment=held).text == "It ended with code 1"
    for bad in ("a=", "a b=/bin/true", "a='x", "/nowhere.toml"):
        with pytest.raises(PlumblineError):
            operator_commands.allowed_commands({"PLUMBLINE_TRIGGER_COMMANDS": bad})
