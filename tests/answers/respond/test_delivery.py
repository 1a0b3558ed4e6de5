"""From a real log to a message: what a load finds is told, what an undo takes back is taken back, no value leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from plumbline.answers.data.load import load_file, undo_load
from plumbline.answers.respond import channels
from plumbline.answers.respond.delivery import work
from plumbline.store.workspace import Workspace
from tests.answers.respond.outbox_cases import Post, add_channel, outbox
from tests.conftest import Ran
from tests.factory.shop import shop_log
from tests.respond.receiver import answer_with, receiver

CANARY = "ivan.petrov-canary@example.com"


@pytest.fixture
def watched(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A workspace with a channel into which a log was loaded whose classes and levels are personal values."""
    add_channel(workspace)
    text = shop_log().decode()
    for word in ("yes", "no", "north", "south"):
        text = text.replace(f",{word},", f",{word}-{CANARY},").replace(f",{word},", f",{word}-{CANARY},")
    (tmp_path / "shop.csv").write_text(text)
    load_file(
        workspace, tmp_path / "shop.csv", title="Shop offers", actor="test", positive=f"yes-{CANARY}",
        maps=(("order_id", "decision_id"), ("decision", "prediction"), ("outcome", "label")),
    )  # fmt: skip
    return workspace


def test_a_load_writes_its_messages_and_no_value_of_a_column_is_in_one(watched: Workspace) -> None:
    rows = outbox(watched)
    assert any(row.state == "queued" for row in rows)
    assert {row.system for row in rows} == {"shop-offers"}
    text = "".join(row.payload for row in rows)
    assert "canary" not in text
    assert "o-001-" not in text  # nor an id of a decision
    with watched.read() as cursor:
        sentences = "".join(row[0] for row in cursor.execute("SELECT sentence FROM finding").fetchall())
    assert sentences


def test_an_undone_load_takes_back_what_it_told(watched: Workspace) -> None:
    post = Post()
    assert work(watched, sender=post).sent
    before = len(post.came)
    with watched.read() as cursor:
        (load,) = cursor.execute("SELECT load_id FROM load WHERE undone_at IS NULL").fetchone() or (0,)
    undo_load(watched, load, actor="test")
    work(watched, sender=post)
    ends = set(post.kinds()[before:])
    assert "finding.withdrawn" in ends
    assert "finding.opened" not in ends


def test_a_channel_that_is_read_for_the_first_time_is_told_what_was_open_before(
    watched: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = Post()
    monkeypatch.setattr(channels, "send", post)
    channels.add(watched, "late", "https://hooks.example.com/late", by="Ada")
    channels.send_test(watched, "late", by="Ada")
    code = str(post.came[-1][2]["data"]["code"])
    channels.confirm(watched, "late", code, by="Ada")
    work(watched, sender=post)
    assert post.kinds("late") == ["channel.test", "finding.opened"]


def test_check_notifies_and_a_dry_run_writes_nothing(plumbline: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_bytes(shop_log())
    plumbline("load", tmp_path / "shop.csv", "--system", "Shop offers")
    with receiver() as own:
        plumbline("channel", "add", "ops", own.url, "--allow-inner", "--by", "Ada")
        shown = plumbline("check", "--dry-run", "--json").json
        assert plumbline("deliveries", "--json").json == {"deliveries": []}
        assert own.came == []
        assert shown["findings"]
        plumbline("acting", "off", "--by", "Ada")
        assert "switched off by Ada" in plumbline("check", "--notify").out
        plumbline("acting", "on", "--by", "Ada")
        sent = plumbline("check", "--notify", "--json").json
    assert "delivered" in sent
    assert sent["findings"]


def test_what_cannot_be_delivered_is_said_and_the_exit_code_says_so(
    plumbline: Callable[..., Ran], tmp_path: Path
) -> None:
    with receiver(answer_with(503, b"")) as own:
        plumbline("channel", "add", "ops", own.url, "--allow-inner", "--by", "Ada")
        (tmp_path / "shop.csv").write_bytes(shop_log())
        plumbline("load", tmp_path / "shop.csv", "--system", "Shop offers")
        ran = plumbline("check", "--notify", "--json")
        assert own.came
    assert ran.code == 1
    (delivered,) = json.loads(ran.out)["delivered"]
    assert (delivered["state"], delivered["attempts"]) == ("failed", 1)
    assert "503" in delivered["reason"]
